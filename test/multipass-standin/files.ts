import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../../src/errors/cli-error.js';
import { parseStat } from '../../src/exec/host-process.js';
import { takeLock } from '../../src/exec/lock.js';

export { sleep };

/** Reads a JSON file; undefined when there is none. */
export const readJson = <T>(path: string): T | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Writes a JSON file, whole or not at all. */
export const writeJson = (path: string, value: unknown): void => {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(value, null, 2));
  renameSync(draft, path);
};

/** Whether a process runs; one that has ended and was not yet reaped does not. */
export const isAlive = (pid: number): boolean => {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) !== undefined;
  } catch {
    return false;
  }
};

/** Makes a file that says who made it; false when it is there. It is never there without its maker's number. */
export const claim = (path: string): boolean => {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Whether the file is there and whoever made it still runs. */
export const isClaimed = (path: string): boolean => {
  try {
    return isAlive(Number(readFileSync(path, 'utf8')));
  } catch {
    return false;
  }
};

/** How often somebody who waits for a lock looks again, in milliseconds. */
const LOOK_AGAIN_MS = 10;

/** Runs `work` while holding a lock file, of which dead holders are relieved. */
export const withLock = async <T>(path: string, work: () => Promise<T> | T): Promise<T> => {
  for (;;) {
    const release = await takeLock(path, 'multipass', Date.now()).catch(notIfBusy);
    if (release === undefined) {
      await sleep(LOOK_AGAIN_MS);
      continue;
    }
    try {
      return await work();
    } finally {
      await release();
    }
  }
};

const notIfBusy = (error: unknown): undefined => {
  if (error instanceof CliError && error.code === 'LAB_BUSY') return undefined;
  throw error;
};
