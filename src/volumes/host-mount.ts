import { join } from 'node:path';
import type { LabFiles } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { cmd, sh, type Executor } from '../exec/command.js';
import type { MachineInfo } from '../providers/provider.js';

/** A Gluster volume mounted on this host by kglab. */
export interface HostMount {
  readonly volume: string;
  readonly path: string;
}

export interface MountPlace {
  readonly host: Executor;
  readonly files: LabFiles;
  /** Folder of the lab's own files. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

const ledger = (dir: string): string => join(dir, 'mounts.json');

/** The mounts that kglab has made, or has begun to make, on this host. */
export const hostMounts = async ({
  files,
  dir,
}: Pick<MountPlace, 'files' | 'dir'>): Promise<readonly HostMount[]> =>
  JSON.parse((await files.read(ledger(dir))) ?? '[]') as HostMount[];

/** The names of the lab's machines for the Gluster client, and for nobody else. */
const hostsText = (machines: readonly MachineInfo[]): string =>
  [
    '127.0.0.1 localhost',
    ...machines.flatMap(({ name, address }) => (address ? [`${address} ${name}`] : [])),
    '',
  ].join('\n');

/**
 * Mounts volume $2 at $1. Bricks go by the names of machines, which this host does not know and need not: the client
 * lives in a mount namespace in which /etc/hosts ($3) knows them. $1 is made a shared mount of its own first, through
 * which the mount comes to the host; the rest of the tree only follows the host, so nothing else gets out, and
 * whatever the host unmounts is unmounted there too.
 */
const MOUNT = `
set -e
mkdir -p "$1"
mountpoint -q "$1" && { echo "$1 is a mount point already" >&2; exit 17; }
[ -z "$(ls -A "$1")" ] || { echo "$1 is not empty" >&2; exit 17; }
mount --bind "$1" "$1"
mount --make-private "$1"
mount --make-shared "$1"
unshare -m --propagation unchanged sh -c '
  set -e
  mount --make-slave "$(findmnt -nro TARGET -T /etc/hosts | tail -n 1)"
  mount --bind "$3" /etc/hosts
  mount -t glusterfs -o "$4" "$5:/$2" "$1"
' sh "$@" || { umount "$1"; rmdir "$1" 2>/dev/null; exit 1; }`;

const OPTIONS = (servers: readonly string[]): string =>
  `backup-volfile-servers=${servers.join(':')},attribute-timeout=0,entry-timeout=0,negative-timeout=0`;

/** A path as the kernel writes it into mountinfo: blanks and backslashes in octal. */
const inMountinfo = (path: string): string =>
  path.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

/**
 * Unmounts both layers at $1 ($3 in mountinfo); lazily when $2 says so. The directory goes when it is empty. A mount
 * whose client is dead is a mount all the same, and cannot be looked at: mountinfo knows.
 */
const UNMOUNT = `
while cut -d ' ' -f 5 /proc/self/mountinfo | grep -Fxq -e "$3"; do umount "$2" "$1" || exit 1; done
rmdir "$1" 2>/dev/null
:`;

/** Mounts a volume of the lab on this host. Throws HOST_UNFIT without a Gluster client, MOUNT_FAILED otherwise. */
export const mountOnHost = async (
  { volume, path }: HostMount,
  { host, files, dir, signal }: MountPlace,
  machines: readonly MachineInfo[],
  servers: readonly string[],
): Promise<void> => {
  const { exitCode } = await host.exec(cmd('sh', '-c', 'command -v mount.glusterfs unshare findmnt'), {
    signal,
  });
  if (exitCode !== 0)
    throw new CliError('HOST_UNFIT', 'This host has no Gluster client.', {
      hint: 'Install it: kglab doctor --fix, or apt install glusterfs-client',
    });
  const known = await hostMounts({ files, dir });
  if (known.some((one) => one.path === path || one.volume === volume))
    throw new CliError(
      'MOUNT_FAILED',
      `${volume} is mounted by kglab already, at ${known.find((one) => one.volume === volume || one.path === path)?.path ?? path}.`,
      {
        hint: 'kglab umount ends that.',
      },
    );
  const hosts = join(dir, `hosts-${volume}`);
  await files.write(hosts, hostsText(machines));
  await files.write(ledger(dir), JSON.stringify([...known, { volume, path }]));
  const [first = ''] = servers;
  try {
    await checked(host, 'host', sh(MOUNT, path, volume, hosts, OPTIONS(servers), first), {
      code: 'MOUNT_FAILED',
      what: `Mounting ${volume} at ${path}`,
      hint: `Read the client's log: /var/log/glusterfs/${path.slice(1).replaceAll('/', '-')}.log`,
      signal,
      timeoutMs: 90_000,
    });
  } catch (error) {
    await files.write(ledger(dir), JSON.stringify(known));
    throw error;
  }
};

/** Ends a mount of kglab's on this host; `force` detaches one that is in use. Throws VOLUME_IN_USE without it. */
export const unmountOnHost = async (
  mount: HostMount,
  { host, files, dir, signal }: MountPlace,
  { force = false }: { readonly force?: boolean } = {},
): Promise<void> => {
  const unmount = sh(UNMOUNT, mount.path, force ? '-l' : '--', inMountinfo(mount.path));
  const result = await host.exec(unmount, { signal, timeoutMs: 60_000 });
  if (result.exitCode !== 0)
    throw new CliError('VOLUME_IN_USE', `${mount.path} cannot be unmounted: ${result.stderr.trim()}`, {
      hint: `See who uses it: fuser -vm ${mount.path}`,
    });
  const rest = (await hostMounts({ files, dir })).filter(({ path }) => path !== mount.path);
  await files.write(ledger(dir), JSON.stringify(rest));
};
