import { randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { quote } from './command.js';
import { findProcess } from './host-process.js';
import { parseRecordFile } from '../util/private-files.js';

/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  /** Kernel start time of that process, as a pid alone is used again; empty where it cannot be read. */
  readonly started: string;
  /** ISO 8601. */
  readonly since: string;
  readonly what: string;
}

/** The start time of a process in clock ticks since boot; empty without /proc, and of one that has ended (a zombie too). */
export const startOf = async (pid: number): Promise<string> => (await findProcess(pid))?.startTime ?? '';

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Whether the process that took the lock still runs. */
export const isAlive = async ({ pid, started }: Pick<Holder, 'pid' | 'started'>): Promise<boolean> =>
  exists(pid) && (started === '' || (await startOf(pid)) === started);

/** What a power cut may leave, an empty file or one of zero bytes: its holder ended with the power. */
const NOBODY: Holder = { pid: 0, started: 'never', since: '', what: '' };
const EMPTY = /^[\0\s]*$/;

const isHolder = ({ pid, started, since, what }: Holder): boolean =>
  Number.isInteger(pid) && pid >= 0 && [started, since, what].every((text) => typeof text === 'string');

/** Who has the lock; undefined when there is none. Throws LEDGER_DAMAGED when it does not say: they may live. */
const holderOf = async (path: string): Promise<Holder | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  if (EMPTY.test(text)) return NOBODY;
  return parseRecordFile<Holder>(text, path, {
    isValid: isHolder,
    hint: `See whether another kglab works on this lab (pgrep -af kglab); if none does: rm ${quote(path)}`,
  });
};

/** How often to try when a lock is let go at the very moment it is looked at. */
const TRIES = 5;

const didLink = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    () => false,
  );

/** A lock that went with its lab's folder may be another's by now: that one stays. */
const release = async (path: string, mine: Holder): Promise<void> => {
  const { pid, started } = (await holderOf(path)) ?? {};
  if (pid === mine.pid && started === mine.started) await rm(path, { force: true });
};

/**
 * Puts this process's draft in the place of a dead one's lock. Only one process at a time may do so (a lock of its own
 * says which): two that saw the same dead holder would else push each other out.
 */
const succeed = async (path: string, draft: string, what: string, now: number): Promise<boolean> => {
  const done = await takeLock(`${path}.next`, what, now);
  try {
    const holder = await holderOf(path);
    // One that let go in between leaves the name free for anybody.
    if (holder === undefined || (await isAlive(holder))) return false;
    await rename(draft, path);
    return true;
  } finally {
    await done();
  }
};

/**
 * Takes a lock file for this process; the result releases it. Throws LAB_BUSY, naming the holder, when another
 * living process has it; the lock of a dead one is taken over. Throws LEDGER_DAMAGED for a lock that cannot be read.
 */
export const takeLock = async (path: string, what: string, now: number): Promise<() => Promise<void>> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const mine: Holder = {
    pid: process.pid,
    started: await startOf(process.pid),
    since: new Date(now).toISOString(),
    what,
  };
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      // link(2) fails when the name exists: only a complete lock file ever has it.
      if (await didLink(draft, path)) return () => release(path, mine);
      const holder = await holderOf(path);
      if (holder && (await isAlive(holder))) throw busy(holder, now);
      if (holder && (await succeed(path, draft, what, now))) return () => release(path, mine);
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw new CliError('LAB_BUSY', `The lock ${path} cannot be taken.`, {
    hint: 'Try again; if that does not help and no other kglab runs, remove that file.',
  });
};

/** `75 s`, `12 min` or `3 h`, of a duration in milliseconds. */
const roughly = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
};

const busy = ({ pid, since, what }: Holder, now: number): CliError =>
  new CliError(
    'LAB_BUSY',
    `\`kglab ${what}\` (process ${pid}) has worked on this lab since ${since}, for ${roughly(now - Date.parse(since))}.`,
    { hint: `Wait until it is done, or stop it: kill ${pid}` },
  );

/** What a process of another host left is removed after a day: no copy, download or bake takes that long. Milliseconds. */
const STALE_MS = 24 * 3600 * 1000;

/** Whether the folder PREFIX[LABEL~]HOST~PID~START~RANDOM, or one of an older kglab without an owner, is left over. */
const isLeftover = async (path: string, label: string, now: number): Promise<boolean> => {
  const parts = label.split('~');
  const [host, pid, started = ''] = parts.length < 4 ? [] : parts.slice(-4);
  if (host === hostname()) return !(await isAlive({ pid: Number(pid), started }));
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && now - found.mtimeMs > STALE_MS;
};

/** Folders of {@link withOwnFolder} that killed processes have left in `parent`; `now` in milliseconds since the epoch. */
export const leftovers = async (parent: string, prefix: string, now: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const name of await readdir(parent).catch(() => []))
    if (name.startsWith(prefix) && (await isLeftover(join(parent, name), name.slice(prefix.length), now)))
      found.push(join(parent, name));
  return found;
};

/**
 * Lets `work` fill a folder of this process in `parent`, for its owner alone (0700), and removes that folder afterwards,
 * whatever happened. Its name begins with `prefix` and tells whose it is, for {@link leftovers}.
 */
export const withOwnFolder = async <T>(
  parent: string,
  prefix: string,
  work: (dir: string) => Promise<T>,
): Promise<T> => {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const owner = `${hostname()}~${process.pid}~${await startOf(process.pid)}`;
  const dir = await mkdtemp(join(parent, `${prefix}${owner}~`));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
