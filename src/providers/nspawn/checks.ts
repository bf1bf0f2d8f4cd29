import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { platform, totalmem, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { cmd, sh, type Executor } from '../../exec/command.js';
import {
  bad,
  type Check,
  type Finding,
  freeMiB,
  glusterClientCheck,
  runChecks,
} from '../../machines/host-check.js';
import { awaitAll } from '../../util/pool.js';

export interface NspawnCheckInput {
  readonly host: Executor;
  /** Where machines will live; need not exist. */
  readonly dataDir: string;
  /** Where images will be kept; need not exist. */
  readonly cacheDir: string;
}

/** Image 0.5 GiB, three machines with k3s and its images 1 GiB each. In MiB. */
const DISK_MIB = 4 * 1024;

/** Three idle machines with Kubernetes use 1.3-1.6 GB, without workloads. In MiB. */
const MEMORY_MIB = 2 * 1024;
const MIB = 1024 * 1024;

const onLinux = (): boolean => platform() === 'linux';

const check = (id: string, title: string, run: () => Promise<Finding>): Check => ({
  id,
  title,
  applicable: onLinux,
  run,
});

/** A program, its Debian package, and its option for the version. */
const PROGRAMS: readonly {
  readonly program: string;
  readonly package: string;
  readonly version: readonly string[];
}[] = [
  { program: 'systemd-nspawn', package: 'systemd-container', version: ['--version'] },
  { program: 'mmdebstrap', package: 'mmdebstrap', version: ['--version'] },
  { program: 'nft', package: 'nftables', version: ['--version'] },
  { program: 'ip', package: 'iproute2', version: ['-V'] },
  { program: 'nsenter', package: 'util-linux', version: ['--version'] },
  { program: 'flock', package: 'util-linux', version: ['--version'] },
  { program: 'mount', package: 'mount', version: ['--version'] },
  { program: 'apt-get', package: 'apt', version: ['--version'] },
  { program: 'zstd', package: 'zstd', version: ['--version'] },
];

const programCheck = (
  host: Executor,
  { program, package: name, version }: (typeof PROGRAMS)[number],
): Check =>
  check(program, `${program} program`, async () => {
    const { exitCode, stdout, stderr } = await host.exec(cmd(program, ...version), { timeoutMs: 20_000 });
    const shown = `${stdout}\n${stderr}`.trim().split('\n')[0] ?? '';
    if (exitCode === 127 || exitCode === 126)
      return { ok: false, found: 'not installed', fix: { packages: [name] } };
    return { ok: true, found: shown };
  });

const rootCheck = (): Check =>
  check('root', 'Root privileges', async () => {
    const { uid, username } = userInfo();
    return uid === 0 ? { ok: true, found: 'root' } : bad(`not root (user ${username})`, 'sudo kglab up');
  });

const linuxCheck = (): Check => ({
  ...check('linux', 'Linux', async () =>
    onLinux() ? { ok: true, found: 'Linux' } : bad(`this is ${platform()}; set provider: multipass`),
  ),
  applicable: () => true,
});

const fuseCheck = (host: Executor): Check =>
  check('fuse', 'FUSE device /dev/fuse', async () => {
    const { exitCode } = await host.exec(cmd('test', '-c', '/dev/fuse'));
    if (exitCode === 0) return { ok: true, found: 'found' };
    return bad('missing', 'modprobe fuse');
  });

/** Controllers that kubelet requires. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** The controllers that /proc/cgroups shows as enabled. */
export const parseControllers = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([name, , , enabled]) => name !== undefined && !name.startsWith('#') && enabled === '1')
    .map(([name = '']) => name);

const cgroupCheck = (): Check =>
  check('cgroups', 'Control group controllers', async () => {
    const text = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => undefined);
    const enabled =
      text?.trim().split(' ') ?? parseControllers(await readFile('/proc/cgroups', 'utf8').catch(() => ''));
    const missing = CONTROLLERS.filter((name) => !enabled.includes(name));
    if (missing.length === 0) return { ok: true, found: CONTROLLERS.join(', ') };
    return bad(
      `${missing.join(', ')} not enabled`,
      `Enable them on the kernel command line: ${missing.map((name) => `cgroup_enable=${name}`).join(' ')}`,
    );
  });

const diskCheck = ({ dataDir, cacheDir }: NspawnCheckInput): Check =>
  check('disk', 'Free disk space', async () => {
    const [data, cache] = await awaitAll([freeMiB(dataDir), freeMiB(cacheDir)]);
    const found = `${(data / 1024).toFixed(1)} GiB for machines, ${(cache / 1024).toFixed(1)} GiB for images`;
    return Math.min(data, cache) >= DISK_MIB
      ? { ok: true, found }
      : bad(`${found}; 4 GiB are needed`, `df -h ${dataDir}`);
  });

const memoryCheck = (): Check =>
  check('memory', 'Memory', async () => {
    const total = Math.floor(totalmem() / MIB);
    const found = `${(total / 1024).toFixed(1)} GiB`;
    return total >= MEMORY_MIB ? { ok: true, found } : bad(`${found}; 2 GiB are needed`);
  });

/** Mounts an overlay in $1 and sets a trusted attribute, as bricks need it; unmounts the overlay again. */
const TRY_OVERLAY = `
set -e
cd "$1"
mkdir lower upper work root
mount -t overlay kglab-try -o lowerdir=lower,upperdir=upper,workdir=work root
trap 'umount root' EXIT
touch lower/a root/b
if command -v setfattr >/dev/null; then setfattr -n trusted.kglab -v 1 upper/b; fi`;

const existingParent = async (path: string, host: Executor): Promise<string> => {
  const { exitCode } = await host.exec(cmd('test', '-d', path));
  return exitCode === 0 || dirname(path) === path ? path : existingParent(dirname(path), host);
};

const overlayCheck = ({ host, dataDir }: NspawnCheckInput): Check =>
  check('overlay', 'Overlay filesystem', async () => {
    if (userInfo().uid !== 0) return bad('not checked (needs root)');
    const place = await existingParent(dataDir, host);
    const dir = await mkdtemp(join(place, '.kglab-try-'));
    try {
      const { exitCode, stderr } = await host.exec(sh(TRY_OVERLAY, dir), { timeoutMs: 20_000 });
      if (exitCode === 0) return { ok: true, found: `works in ${place}` };
      const why = stderr.trim().split('\n')[0] ?? '';
      return bad(`does not work in ${place}: ${why}`, 'Put the machines on an ext4 or xfs filesystem');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

/** What a host needs for system containers. */
export const nspawnChecks = (input: NspawnCheckInput): readonly Check[] => [
  linuxCheck(),
  rootCheck(),
  ...PROGRAMS.map((program) => programCheck(input.host, program)),
  fuseCheck(input.host),
  cgroupCheck(),
  overlayCheck(input),
  diskCheck(input),
  memoryCheck(),
  glusterClientCheck(input.host, platform()),
];

/** Whether this host can run labs, for the wizard; packages that `doctor --fix` can install do not count as missing. */
export const nspawnUsable = async (
  input: NspawnCheckInput,
): Promise<{ readonly usable: boolean; readonly because: string }> => {
  if (!onLinux()) return { usable: false, because: 'needs Linux' };
  const lacking = (await runChecks(nspawnChecks(input), { needed: true })).filter(
    ({ finding }) => !finding.ok,
  );
  if (lacking.length === 0) return { usable: true, because: 'this host meets all requirements' };
  const packages = lacking.map(({ finding }) => finding.fix?.packages ?? []);
  if (packages.every(({ length }) => length > 0)) {
    const names = [...new Set(packages.flat())].join(', ');
    return {
      usable: true,
      because: `can be used here after \`kglab doctor --fix\`, which installs: ${names}`,
    };
  }
  const titles = lacking.map((one) => one.check.title).join(', ');
  return { usable: false, because: `requirements not met (${titles})` };
};
