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
  /** Kernel start time of the process, because PIDs are reused; empty without /proc. */
  readonly started: string;
  /** ISO 8601. */
  readonly since: string;
  readonly what: string;
}

/** Start time of a process, in clock ticks since boot; empty without /proc or when it has ended. */
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

/** The holder of an empty file or one of zero bytes: a power cut leaves such files, and ended the holder. */
const NOBODY: Holder = { pid: 0, started: 'never', since: '', what: '' };
const EMPTY = /^[\0\s]*$/;

const isHolder = ({ pid, started, since, what }: Holder): boolean =>
  Number.isInteger(pid) && pid >= 0 && [started, since, what].every((text) => typeof text === 'string');

/** The holder of a lock; undefined for a free one. Throws RECORD_DAMAGED when unreadable: the holder may still run. */
const holderOf = async (path: string): Promise<Holder | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  if (EMPTY.test(text)) return NOBODY;
  return parseRecordFile<Holder>(text, path, {
    isValid: isHolder,
    hint: `Check for another kglab (pgrep -af kglab); if none uses this lab: rm ${quote(path)}`,
  });
};

/** Attempts when the holder releases or loses the lock meanwhile. */
const TRIES = 5;

const didLink = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    () => false,
  );

/** Removes the lock, unless it belongs to another process: it was lost when the lab's folder was removed. */
const release = async (path: string, mine: Holder): Promise<void> => {
  const { pid, started } = (await holderOf(path)) ?? {};
  if (pid === mine.pid && started === mine.started) await rm(path, { force: true });
};

/**
 * Replaces the lock of a dead process by this process's draft. A second lock lets only one process do so at a time: two
 * that saw the same dead holder would replace each other's lock.
 */
const takeOver = async (path: string, draft: string, what: string, now: number): Promise<boolean> => {
  const done = await takeLock(`${path}.next`, what, now);
  try {
    const holder = await holderOf(path);
    // Released meanwhile: the lock is free for everybody.
    if (holder === undefined || (await isAlive(holder))) return false;
    await rename(draft, path);
    return true;
  } finally {
    await done();
  }
};

/**
 * Takes a lock file for this process; the result releases it. Takes over the lock of a dead process. Throws LAB_BUSY with
 * the holder when another running process has the lock, RECORD_DAMAGED when the lock is unreadable.
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
      // link(2) fails when the lock exists, and the file is complete from the start.
      if (await didLink(draft, path)) return () => release(path, mine);
      const holder = await holderOf(path);
      if (holder && (await isAlive(holder))) throw busy(holder, now);
      if (holder && (await takeOver(path, draft, what, now))) return () => release(path, mine);
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw new CliError('LAB_BUSY', `The lock ${path} could not be taken: it changed hands at every try.`, {
    hint: `Try again. If pgrep -af kglab lists no other kglab, the file is a leftover: rm ${quote(path)}`,
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
    `\`kglab ${what}\` (process ${pid}) is using this lab (started ${since}, ${roughly(now - Date.parse(since))} ago).`,
    { hint: `Wait until that command is done, or stop that process: kill ${pid}` },
  );

/** Age at which folders of another host are leftovers, in milliseconds: no copy, download or image build takes a day. */
const STALE_MS = 24 * 3600 * 1000;

/** Whether a folder PREFIX[LABEL~]HOST~PID~START~RANDOM, or one of an older kglab without an owner, is a leftover. */
const isLeftover = async (path: string, label: string, now: number): Promise<boolean> => {
  const parts = label.split('~');
  const [host, pid, started = ''] = parts.length < 4 ? [] : parts.slice(-4);
  if (host === hostname()) return !(await isAlive({ pid: Number(pid), started }));
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && now - found.mtimeMs > STALE_MS;
};

/** Folders of {@link withOwnFolder} in `parent` that killed processes left; `now` in milliseconds since the epoch. */
export const leftovers = async (parent: string, prefix: string, now: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const name of await readdir(parent).catch(() => []))
    if (name.startsWith(prefix) && (await isLeftover(join(parent, name), name.slice(prefix.length), now)))
      found.push(join(parent, name));
  return found;
};

/**
 * Gives `work` a temporary folder (0700) in `parent` and removes it afterwards. Its name starts with `prefix` and
 * contains the process that owns it, for {@link leftovers}.
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
