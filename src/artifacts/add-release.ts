import { chmod, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { cmd, type Executor } from '../exec/command.js';
import type { Clock } from '../util/clock.js';
import { archiveImages } from './image-archives.js';
import {
  findReleaseFiles,
  installRelease,
  readRelease,
  releaseDir,
  type ReleaseFiles,
  verifyRelease,
} from './release-folder.js';
import { type Arch, hostArch, isVersion } from './release-names.js';
import { copyFile, withStaging } from './staging.js';

/** A release in the cache. */
export interface AddedRelease {
  readonly kind: 'release';
  readonly version: string;
  readonly arch: Arch;
  readonly path: string;
  /** Whether the cache had it before. */
  readonly already: boolean;
}

export interface AddReleaseOptions {
  readonly path: string;
  readonly cacheDir: string;
  readonly arch: Arch;
  readonly version: string | undefined;
  readonly host: Executor;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** Timeout of `k3s --version`, in milliseconds: a big binary, perhaps from a cold disk. */
const VERSION_TIMEOUT = 30_000;

/** The version that a k3s binary reports; undefined when it does not run on this host. */
const versionOf = async (binary: string, host: Executor): Promise<string | undefined> => {
  try {
    const { stdout } = await host.exec(cmd(binary, '--version'), { timeoutMs: VERSION_TIMEOUT });
    const version = /^k3s version (\S+)/.exec(stdout)?.[1];
    return version !== undefined && isVersion(version) ? version : undefined;
  } catch {
    // E.g. the cache is on a file system mounted noexec.
    return undefined;
  }
};

const settleVersion = async (
  binary: string,
  { path, arch, version, host }: AddReleaseOptions,
): Promise<string> => {
  const own = arch === (await hostArch(host)) ? await versionOf(binary, host) : undefined;
  const settled = version ?? own;
  if (settled === undefined)
    throw new CliError(
      'USAGE',
      `${join(path, basename(binary))} does not run on this host, so its version is unknown.`,
      {
        hint: `Give the version, e.g.: kglab cache add ${path} --arch ${arch} --version v1.36.2+k3s1`,
      },
    );
  if (own !== undefined && own !== settled)
    throw new CliError('USAGE', `${join(path, basename(binary))} is k3s ${own}, not ${settled}.`);
  return settled;
};

const filesOf = async (dir: string, arch: Arch): Promise<ReleaseFiles> => {
  const found = await findReleaseFiles(dir, arch);
  if ('files' in found) return found.files;
  throw new CliError('ARTIFACT_MISSING', `${dir} is not a complete k3s release for ${arch}.`, {
    hint: 'Get the missing files of the same release from https://github.com/k3s-io/k3s/releases',
    details: found.missing.map((name) => `missing: ${name}`),
  });
};

/** Copies a release, verifies the copy (the original may change meanwhile) and returns its version. */
const stage = async (entry: string, options: AddReleaseOptions): Promise<string> => {
  const { path, arch, host, signal } = options;
  const files = await filesOf(path, arch);
  // Fails on a missing checksum before the big files are copied.
  await readRelease(path, arch);
  await mkdir(entry);
  for (const name of [files.sums, files.binary, files.airgap, ...files.optional]) {
    await copyFile(host, join(path, name), join(entry, name), signal);
    await chmod(join(entry, name), name === files.binary ? 0o755 : 0o644);
  }
  const copy = await readRelease(entry, arch);
  if (copy === undefined) throw new CliError('BUG', `The copy of ${path} is not complete.`);
  await verifyRelease(copy, { shown: (file) => join(path, basename(file)), signal });
  const version = await settleVersion(join(entry, files.binary), options);
  // Without a list of images, kglab has to unpack the bundle: fail now if this host cannot.
  if (files.optional.length === 0) await archiveImages(host, copy.airgap.path);
  return version;
};

/** Adds the release in a folder to the cache. Errors: see addToCache. */
export const addRelease = async (options: AddReleaseOptions): Promise<AddedRelease> =>
  withStaging(options.cacheDir, options.clock, async (staging) => {
    const { arch, cacheDir } = options;
    const version = await stage(join(staging, 'entry'), options);
    const key = { version, arch, cacheDir };
    const already = (await installRelease(staging, key)) === 'already';
    return { kind: 'release', version, arch, path: releaseDir(key), already };
  });
