import { readFile } from 'node:fs/promises';
import {
  childrenOf,
  findProcess,
  isAlive,
  namespacePids,
  parseStat,
  type ProcessRef,
} from '../../exec/host-process.js';
import { groupPids, readCgroupLayout } from './cgroup.js';

/** The processes of a machine. */
export interface MachineProcesses {
  /** systemd-nspawn on the host. */
  readonly nspawn: ProcessRef | undefined;
  /** The machine's init, by its process id on the host. It may outlive a killed systemd-nspawn. */
  readonly init: ProcessRef | undefined;
}

/** The init of a machine: process 1 of a PID namespace directly below the host's. */
const isInit = async (pid: number): Promise<boolean> => {
  const pids = await namespacePids(pid);
  return pids.length === 2 && pids[1] === 1;
};

const findInit = async (pids: readonly number[]): Promise<ProcessRef | undefined> => {
  for (const pid of pids) if (await isInit(pid)) return findProcess(pid);
  return undefined;
};

/** Parses a boot file: the host's boot id, a line of /proc/PID/stat. Undefined for an earlier boot of the host. */
export const parseBootFile = (text: string, bootId: string): ProcessRef | undefined => {
  const [id, stat] = text.split('\n');
  return id !== undefined && id === bootId.trim() && stat !== undefined ? parseStat(stat) : undefined;
};

const readNspawn = async (bootFile: string): Promise<ProcessRef | undefined> => {
  const text = await readFile(bootFile, 'utf8').catch(() => '');
  const nspawn =
    text === '' ? undefined : parseBootFile(text, await readFile('/proc/sys/kernel/random/boot_id', 'utf8'));
  return nspawn !== undefined && (await isAlive(nspawn)) ? nspawn : undefined;
};

/**
 * Finds a machine's processes: by its boot file, otherwise in its control group. A killed systemd-nspawn can lose its
 * children a moment before it ends, so its init may be found only in the group.
 */
export const findProcesses = async (bootFile: string, group: string): Promise<MachineProcesses> => {
  const nspawn = await readNspawn(bootFile);
  const child = nspawn && (await findInit(await childrenOf(nspawn.pid)));
  if (child !== undefined) return { nspawn, init: child };
  return { nspawn, init: await findInit(await groupPids(await readCgroupLayout(), group)) };
};
