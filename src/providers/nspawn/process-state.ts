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

/** What runs of a machine. */
export interface MachineProcesses {
  /** systemd-nspawn on the host. */
  readonly nspawn: ProcessRef | undefined;
  /** The machine's init, by its number on the host. It may outlive a killed systemd-nspawn. */
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

/** Reads a boot file: the host's boot id, a line of /proc/PID/stat. Of an earlier boot of the host nothing is left. */
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
 * Looks for a machine's processes: by its boot file, else in its control group. A systemd-nspawn that was killed is
 * still alive for a moment in which its children are already not its own.
 */
export const findProcesses = async (bootFile: string, group: string): Promise<MachineProcesses> => {
  const nspawn = await readNspawn(bootFile);
  const child = nspawn && (await findInit(await childrenOf(nspawn.pid)));
  if (child !== undefined) return { nspawn, init: child };
  return { nspawn, init: await findInit(await groupPids(await readCgroupLayout(), group)) };
};
