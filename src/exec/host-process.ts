import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of the host. The start time distinguishes it from a later process with the same PID. */
export interface ProcessRef {
  readonly pid: number;
  /** Clock ticks since the host's boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

/** States of processes that have ended: zombie, dead. */
const GONE = new Set(['Z', 'X', 'x']);

/** Parses /proc/PID/stat; `undefined` when that fails or the process has ended. */
export const parseStat = (stat: string): ProcessRef | undefined => {
  // The name is in parentheses and may itself contain them: count fields from the last one.
  const pid = Number.parseInt(stat, 10);
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = fields[18];
  if (!Number.isInteger(pid) || state === undefined || startTime === undefined) return undefined;
  return GONE.has(state) ? undefined : { pid, startTime };
};

const readProc = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return ''; // the process has ended
  }
};

/** The running process with that PID; undefined when there is none. */
export const findProcess = async (pid: number): Promise<ProcessRef | undefined> =>
  parseStat(await readProc(`/proc/${pid}/stat`));

/** Whether the process still runs. */
export const isAlive = async ({ pid, startTime }: ProcessRef): Promise<boolean> =>
  (await findProcess(pid))?.startTime === startTime;

/** PIDs of its child processes. */
export const childrenOf = async (pid: number): Promise<number[]> =>
  (await readProc(`/proc/${pid}/task/${pid}/children`)).split(' ').filter(Boolean).map(Number);

/** PIDs of the process, from the host's PID namespace inwards: `[4711, 1]` is the init of a container. */
export const namespacePids = async (pid: number): Promise<number[]> => {
  const line = /^NSpid:(.*)$/m.exec(await readProc(`/proc/${pid}/status`))?.[1] ?? '';
  return line.trim().split(/\s+/).filter(Boolean).map(Number);
};

/** Sends a signal to the process if it still runs. */
export const sendSignal = async (target: ProcessRef, signal: NodeJS.Signals | number): Promise<void> => {
  if (!(await isAlive(target))) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Sends a signal (0: only check) to all processes of a group. False when the group has none. */
export const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: the group has processes, of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const groupOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);

/** Whether a process of the group runs. Ignores zombies, which a container without a reaper keeps. */
const isGroupAlive = async (group: number): Promise<boolean> => {
  if (!signalGroup(group, 0)) return false;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return true; // no /proc on this system
  for (const pid of pids) {
    const stat = await readProc(`/proc/${pid}/stat`);
    if (groupOf(stat) === group && parseStat(stat) !== undefined) return true;
  }
  return false;
};

/** Pause between two checks of a group, in milliseconds. */
const CHECK_MS = 50;

/** Ends all processes of a group: SIGTERM, and SIGKILL to those that still run after `graceMs` milliseconds. */
export const endGroup = async (group: number, graceMs: number): Promise<void> => {
  signalGroup(group, 'SIGTERM');
  for (let waited = 0; await isGroupAlive(group); waited += CHECK_MS) {
    if (waited >= graceMs) return void signalGroup(group, 'SIGKILL');
    await sleep(CHECK_MS);
  }
};
