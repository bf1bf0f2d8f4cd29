import { join } from 'node:path';
import type { LabFiles } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import type { MachineInfo } from '../machines/provider.js';
import { parseRecordFile } from '../util/private-files.js';
import { quote, type Executor } from '../exec/command.js';
import { MOUNT_OPTIONS } from '../guest/layout.js';
import { guestScript } from '../guest/script.js';

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

/** The mounts that kglab has made, or has begun to make, on this host. Throws RECORD_DAMAGED. */
export const hostMounts = async ({
  files,
  dir,
}: Pick<MountPlace, 'files' | 'dir'>): Promise<readonly HostMount[]> => {
  const path = ledger(dir);
  return parseRecordFile<readonly HostMount[]>((await files.read(path)) ?? '[]', path, {
    isValid: Array.isArray,
    hint: `List the mounted volumes: findmnt -t fuse.glusterfs\nUnmount those of this lab (umount PATH), then delete the damaged file: rm ${quote(path)}`,
  });
};

const strikeOut = async ({ path }: HostMount, { files, dir }: MountPlace): Promise<void> => {
  const rest = (await hostMounts({ files, dir })).filter((one) => one.path !== path);
  await files.write(ledger(dir), JSON.stringify(rest));
};

/** A mount that the kernel has. */
export interface RealMount extends HostMount {
  /** It lies on the shared layer that kglab puts below its mounts: nobody else mounts like that. */
  readonly byKglab: boolean;
}

/** A path as mountinfo has it, its octal escapes resolved. */
const fromMountinfo = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Gluster volumes of these machines in the text of /proc/self/mountinfo, see proc_pid_mountinfo(5). */
export const findMounts = (mountinfo: string, machines: readonly string[]): readonly RealMount[] => {
  const lines = mountinfo.split('\n').flatMap((line) => {
    const [id, parent, , , place] = line.split(' ');
    const [type, source = ''] = (line.split(' - ')[1] ?? '').split(' ');
    return place === undefined ? [] : [{ id, parent, place, type, source }];
  });
  return lines.flatMap(({ parent, place, type, source }) => {
    const [, server = '', volume = ''] = /^([^:]+):\/?(.+)$/.exec(fromMountinfo(source)) ?? [];
    if (type !== 'fuse.glusterfs' || !machines.includes(server)) return [];
    const byKglab = lines.some((below) => below.id === parent && below.place === place);
    return [{ volume, path: fromMountinfo(place), byKglab }];
  });
};

/** The names of the lab's machines for the Gluster client, and for nobody else. */
const hostsText = (machines: readonly MachineInfo[]): string =>
  [
    '127.0.0.1 localhost',
    ...machines.flatMap(({ name, address }) => (address ? [`${address} ${name}`] : [])),
    '',
  ].join('\n');

const optionsFor = (servers: readonly string[]): string =>
  `backup-volfile-servers=${servers.join(':')},${MOUNT_OPTIONS}`;

/** A path as the kernel writes it into mountinfo: blanks and backslashes in octal. */
const inMountinfo = (path: string): string =>
  path.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** A client gives up after less when no server answers it. Milliseconds. */
const MOUNT_MS = 90_000;

/** Time for that, in milliseconds: five seconds for the clients, and an unmount that does not wait. */
const UNDO_MS = 30_000;

/**
 * Undoes a mount that failed or was interrupted, whatever part of it there is by now; it is then no longer recorded.
 * Throws `cause` in any case, and says what is left when that does not succeed.
 */
const undo = async (mount: HostMount, place: MountPlace, cause: unknown): Promise<never> => {
  const { path } = mount;
  const script = guestScript('host-mount.sh', 'undo_mount', path, '-l', inMountinfo(path));
  // Not with the signal: it may have aborted.
  const result = await place.host.exec(script, { timeoutMs: UNDO_MS });
  if (result.exitCode === 0) {
    await strikeOut(mount, place);
    throw cause;
  }
  const left = new CliError('MOUNT_FAILED', `${path} may still be mounted: ${result.stderr.trim()}`, {
    hint: `kglab has recorded the mount. Unmount it: kglab umount --force ${quote(path)}`,
  });
  throw new AggregateError([cause, left], left.message);
};

/** Mounts a volume of the lab on this host. Throws HOST_UNFIT without a Gluster client, MOUNT_FAILED otherwise. */
export const mountOnHost = async (
  mount: HostMount,
  place: MountPlace,
  machines: readonly MachineInfo[],
  servers: readonly string[],
): Promise<void> => {
  const { volume, path } = mount;
  const { host, files, dir, signal } = place;
  const { exitCode } = await host.exec(guestScript('host-mount.sh', 'has_client'), {
    signal,
  });
  if (exitCode !== 0)
    throw new CliError('HOST_UNFIT', 'This host has no Gluster client.', {
      hint: 'Install the client: kglab doctor --fix, or: apt install glusterfs-client',
    });
  const known = await hostMounts({ files, dir });
  const taken = known.find((one) => one.path === path || one.volume === volume);
  if (taken !== undefined)
    throw new CliError('MOUNT_FAILED', `Volume ${taken.volume} is already mounted at ${taken.path}.`, {
      hint: `Unmount this volume first: kglab umount ${quote(taken.path)}`,
    });
  await checked(host, 'host', guestScript('host-mount.sh', 'check_place', path, inMountinfo(path)), {
    code: 'MOUNT_FAILED',
    what: `Checking ${path}`,
    hint: 'Choose a directory that is empty or does not exist.',
    signal,
  });
  const hosts = join(dir, `hosts-${volume}`);
  await files.write(hosts, hostsText(machines));
  // Before it is tried: of a kglab that is killed, the mount may outlive it.
  await files.write(ledger(dir), JSON.stringify([...known, mount]));
  const [first = ''] = servers;
  const args = [path, volume, hosts, optionsFor(servers), first];
  await checked(host, 'host', guestScript('host-mount.sh', 'mount_volume', ...args), {
    code: 'MOUNT_FAILED',
    what: `Mounting ${volume} at ${path}`,
    hint: `Read the client's log: /var/log/glusterfs/${path.slice(1).replaceAll('/', '-')}.log`,
    signal,
    timeoutMs: MOUNT_MS,
  }).catch((error: unknown) => undo(mount, place, error));
};

/** Ends a mount of kglab's on this host; `force` detaches one that is in use. Throws VOLUME_IN_USE without it. */
export const unmountOnHost = async (
  mount: HostMount,
  place: MountPlace,
  { force = false }: { readonly force?: boolean } = {},
): Promise<void> => {
  const { host, signal } = place;
  const args = [mount.path, force ? '-l' : '--', inMountinfo(mount.path)];
  const unmount = guestScript('host-mount.sh', 'unmount', ...args);
  const result = await host.exec(unmount, { signal, timeoutMs: 60_000 });
  if (result.exitCode !== 0)
    throw new CliError('VOLUME_IN_USE', `${mount.path} cannot be unmounted: ${result.stderr.trim()}`, {
      hint: `List the processes that use this mount: fuser -vm ${quote(mount.path)}`,
    });
  await strikeOut(mount, place);
};
