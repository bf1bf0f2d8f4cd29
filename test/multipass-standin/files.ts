import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Makes a file that says who made it; false when it is there and its maker lives. */
export const claim = (path: string): boolean => {
  mkdirSync(dirname(path), { recursive: true });
  try {
    const file = openSync(path, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    return false;
  }
};

const makerOf = (path: string): number => {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
};

/** Whether the file is there and whoever made it still runs. */
export const isClaimed = (path: string): boolean => {
  const pid = makerOf(path);
  return pid > 0 && isAlive(pid);
};

/** Runs `work` while holding a lock file, of which dead holders are relieved. */
export const withLock = async <T>(path: string, work: () => Promise<T> | T): Promise<T> => {
  for (let tries = 0; !claim(path); tries += 1) {
    // An empty file is one that is just being written.
    if (makerOf(path) > 0 && !isClaimed(path)) rmSync(path, { force: true });
    await sleep(10);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
};
