import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, sh, type Command, type ExecOptions, type Executor } from '../../exec/command.js';
import { systemClock, type Clock } from '../../util/clock.js';
import { leftovers, withOwnFolder } from '../../exec/lock.js';
import {
  ARCHIVE_KEYRINGS,
  findSignedBy,
  INDEX_TARGETS,
  parseAptOptions,
  parseIndexTargets,
  toSourceLines,
  type IndexTarget,
} from './apt-sources.js';
import { assertSpace } from '../../machines/host-check.js';
import { imageName, imageRecipe, parseCodename, type Recipe } from './recipe.js';

/** A root filesystem has 450 MB, and its packages need space while it is built. In MiB. */
const SPACE_MIB = 1536;

/** With a slow mirror a build takes minutes, normally half a minute. */
const BAKE_MS = 30 * 60_000;

/**
 * $1 the finished image, $2 where it is built, $3 a tree to copy over it, the rest is mmdebstrap with arguments. Runs
 * under a lock, so existing files at $2 are from a run that crashed. `--one-file-system`: a crash may have left mounts
 * there.
 */
export const BAKE = [
  'set -e',
  'final=$1 tmp=$2 files=$3',
  'shift 3',
  'if [ -d "$final" ]; then exit 0; fi',
  'rm -rf --one-file-system -- "$tmp"',
  // It holds passwords of private mirrors. After the final `mv` there is nothing to remove.
  `trap 'rm -rf --one-file-system -- "$tmp"' EXIT`,
  '"$@" &',
  'child=$!',
  `trap 'kill "$child" 2>/dev/null; wait "$child"; exit 143' INT TERM HUP`,
  'wait "$child"',
  'cp -a --no-preserve=ownership -- "$files/." "$tmp/"',
  // mmdebstrap wrote these for its own apt: machines must not get the host's proxies and keys.
  'rm -rf -- "$tmp/etc/machine-id" "$tmp/etc/apt/apt.conf.d/99mmdebstrap" "$tmp/etc/apt/auth.conf.d"/*',
  'rm -rf -- "$tmp/var/lib/apt/lists"/* "$tmp/var/cache/apt"/*.bin "$tmp/var/cache/apt/archives"/*.deb',
  'chmod 0755 -- "$tmp"',
  'mv -T -- "$tmp" "$final"',
].join('\n');

/** Mount points in every machine. */
const MOUNT_POINTS = ['data', 'var/lib/rancher', 'var/lib/kubelet'];

/** Content of a working folder: the tree to copy over the image, and options of apt. */
const treeIn = (work: string): string => join(work, 'root');
const aptConfIn = (work: string): string => join(work, 'apt.conf');

/** Prefixes of names in the cache: the working folder of a build, and an incomplete image. */
const FILES = '.files-';
const MAKING = '.making-';

/** The machines' root filesystem in the cache. */
export class ImageCache {
  constructor(
    private readonly host: Executor,
    private readonly cacheDir: string,
    private readonly image: string,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Folder of the image, which need not exist yet. Throws IMAGE_FAILED when the host's release is unknown. */
  async path(): Promise<string> {
    return join(this.cacheDir, imageName(await this.recipe()));
  }

  /** Whether the image is complete. */
  async exists(): Promise<boolean> {
    return isDirectory(await this.path());
  }

  /** Builds the image unless it exists; parallel kglabs build it once. Throws IMAGE_FAILED, HOST_NO_SPACE. */
  async bake(options: ExecOptions = {}): Promise<void> {
    const recipe = await this.recipe();
    const name = imageName(recipe);
    await mkdir(this.cacheDir, { recursive: true, mode: 0o700 });
    await this.sweep(options);
    if (await isDirectory(join(this.cacheDir, name))) return;
    await assertSpace(this.cacheDir, SPACE_MIB, 'the machine image');
    options.onLine?.(`Building the machine image (${recipe.suite}); about a minute, once`);
    await withOwnFolder(this.cacheDir, `${FILES}${name}~`, async (work) => {
      await writeFiles(treeIn(work), recipe);
      await writeFile(aptConfIn(work), await this.aptConf(), { mode: 0o600 });
      await this.run(recipe, name, work, options);
    });
  }

  /**
   * Removes the files and incomplete images of killed builds, which may hold passwords. A build can outlive a killed
   * kglab: it holds the lock of its image then, and its files stay.
   */
  private async sweep(options: ExecOptions): Promise<void> {
    const signal = options.signal && { signal: options.signal };
    const files = await leftovers(this.cacheDir, FILES, this.clock.now());
    const making = (await readdir(this.cacheDir)).filter((entry) => entry.startsWith(MAKING));
    const found = [
      ...files.map((path) => ({ path, image: basename(path).slice(FILES.length).split('~')[0] ?? '' })),
      ...making.map((entry) => ({ path: join(this.cacheDir, entry), image: entry.slice(MAKING.length) })),
    ];
    for (const { path, image } of found) {
      const lock = join(this.cacheDir, `.lock-${image}`);
      const remove = ['rm', '-rf', '--one-file-system', '--', path];
      // Files of an older kglab: their names do not contain the image, so there is no lock to take.
      const command = path.includes('~') || path.includes(MAKING) ? ['flock', '-n', lock, ...remove] : remove;
      await this.host.exec(cmd(command[0] ?? '', ...command.slice(1)), { ...signal });
    }
  }

  private async run(recipe: Recipe, name: string, work: string, options: ExecOptions): Promise<void> {
    const tmp = join(this.cacheDir, `${MAKING}${name}`);
    const words = await this.mmdebstrap(recipe, aptConfIn(work), tmp);
    const bake = sh(BAKE, join(this.cacheDir, name), tmp, treeIn(work), ...words);
    const lock = cmd('flock', '--no-fork', join(this.cacheDir, `.lock-${name}`), bake.file, ...bake.args);
    await checked(this.host, 'the host', lock, {
      code: 'IMAGE_FAILED',
      what: 'Building the machine image (mmdebstrap)',
      hint: 'If packages cannot be downloaded, check that `apt-get update` works on this host; then run kglab again.',
      timeoutMs: BAKE_MS,
      ...(options.signal && { signal: options.signal }),
      onLine: (line) => {
        if (line.startsWith('I: ')) options.onLine?.(line.slice(3));
      },
    });
  }

  /** Configuration of apt during the build. It may hold the password of a proxy, so it is passed only as a file. */
  private async aptConf(): Promise<string> {
    const dump = await this.ask({ ...cmd('apt-config', 'dump'), private: true });
    const lines = [
      ...parseAptOptions(dump),
      'Acquire::Languages "none";',
      'APT::Install-Recommends "false";',
      'Acquire::Retries "3";',
    ];
    return `${lines.join('\n')}\n`;
  }

  private async mmdebstrap(recipe: Recipe, aptConf: string, target: string): Promise<readonly string[]> {
    return [
      'mmdebstrap',
      ...['--mode=root', '--variant=minbase', '--format=directory'],
      `--include=${recipe.packages.join(',')}`,
      `--aptopt=${aptConf}`,
      // Passwords of private mirrors; BAKE removes them.
      '--setup-hook=mkdir -p "$1/etc/apt/auth.conf.d"; cp /etc/apt/auth.conf.d/*.conf "$1/etc/apt/auth.conf.d" 2>/dev/null || true',
      recipe.suite,
      target,
      ...(await this.sources(recipe.suite)),
    ];
  }

  private async sources(suite: string): Promise<readonly string[]> {
    const targets = parseIndexTargets(await this.ask(INDEX_TARGETS));
    const keyrings = new Map<IndexTarget, string | undefined>();
    for (const target of targets) keyrings.set(target, await keyringOf(target));
    const lines = toSourceLines(targets, await hostSuite(), suite, (target) => keyrings.get(target));
    if (lines.length > 0) return lines;
    throw new CliError('IMAGE_FAILED', 'apt on this host has no package lists for Debian or Ubuntu.', {
      hint: 'Download them, then run kglab again: apt-get update',
    });
  }

  private async ask(command: Command): Promise<string> {
    return (await checked(this.host, 'the host', command, { code: 'IMAGE_FAILED' })).stdout;
  }

  private async recipe(): Promise<Recipe> {
    return imageRecipe(this.image === 'default' ? await hostSuite() : this.image, arch());
  }
}

const hostSuite = async (): Promise<string> => {
  const suite = parseCodename(await readFile('/etc/os-release', 'utf8'));
  if (suite !== undefined) return suite;
  throw new CliError(
    'IMAGE_FAILED',
    'The release of this host is unknown (no VERSION_CODENAME in /etc/os-release).',
    {
      hint: 'The nspawn provider needs Debian or Ubuntu; on other hosts set `provider: multipass`.',
    },
  );
};

const keyringOf = async (target: IndexTarget): Promise<string | undefined> => {
  const text = await readFile(target.entry.replace(/:\d+$/, ''), 'utf8').catch(() => '');
  const named = findSignedBy(text, target);
  if (named !== undefined) return named;
  const archive = ARCHIVE_KEYRINGS[target.origin];
  return archive !== undefined && (await exists(archive)) ? archive : undefined;
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Writes the recipe's files and links as a tree. */
const writeFiles = async (root: string, { files, links }: Recipe): Promise<void> => {
  const place = async (path: string): Promise<string> => {
    await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o755 });
    return join(root, path);
  };
  for (const [path, text] of Object.entries(files)) await writeFile(await place(path), text, { mode: 0o644 });
  for (const [path, target] of Object.entries(links)) await symlink(target, await place(path));
  for (const path of MOUNT_POINTS) await mkdir(join(root, path), { recursive: true, mode: 0o755 });
};
