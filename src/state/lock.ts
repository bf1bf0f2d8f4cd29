import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../errors/cli-error.js';

/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  /** Kernel start time of that process, as a pid alone is used again; empty where it cannot be read. */
  readonly started: string;
  /** ISO 8601. */
  readonly since: string;
  readonly what: string;
}

/** The start time of a process in clock ticks since boot (proc(5), field 22); empty without /proc. */
export const startOf = async (pid: number): Promise<string> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
};

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Whether the process that took the lock still runs. */
export const isAlive = async ({ pid, started }: Holder): Promise<boolean> =>
  exists(pid) && (started === '' || (await startOf(pid)) === started);

const holderOf = async (path: string): Promise<Holder | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
};

/** How often to try when stale locks are being cleared at the same moment by several. */
const TRIES = 5;

/**
 * Takes a lock file for this process; the result releases it. Throws LAB_BUSY, naming the holder, when another
 * living process has it; the lock of a dead one is taken over.
 */
export const takeLock = async (path: string, what: string, now: number): Promise<() => Promise<void>> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const mine: Holder = {
    pid: process.pid,
    started: await startOf(process.pid),
    since: new Date(now).toISOString(),
    what,
  };
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      // link(2) fails when the name exists: only a complete lock file ever has it.
      if (
        await link(draft, path).then(
          () => true,
          () => false,
        )
      )
        return () => rm(path, { force: true });
      const holder = await holderOf(path);
      if (holder && (await isAlive(holder))) throw busy(holder);
      await rm(path, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw new CliError('LAB_BUSY', `The lock ${path} cannot be taken.`, { hint: 'Try again.' });
};

const busy = ({ pid, since, what }: Holder): CliError =>
  new CliError('LAB_BUSY', `\`kglab ${what}\` (process ${pid}) has worked on this lab since ${since}.`, {
    hint: `Wait until it is done, or stop it: kill ${pid}`,
  });
