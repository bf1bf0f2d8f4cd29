import { mkdir, rm } from 'node:fs/promises';
import { CliError } from '../errors/cli-error.js';
import { CommandError } from '../exec/checked.js';
import { cmd, type Executor } from '../exec/command.js';
import { leftovers, withOwnFolder } from '../exec/lock.js';
import type { Clock } from '../util/clock.js';
import { syncPath } from '../util/replace-file.js';

const PREFIX = '.tmp-';

/**
 * Gives `work` a temporary folder in the cache (so that a rename out of it is atomic) and removes it afterwards.
 * Removes first what killed processes left.
 */
export const withStaging = async <T>(
  cacheDir: string,
  clock: Clock,
  work: (dir: string) => Promise<T>,
): Promise<T> => {
  await mkdir(cacheDir, { recursive: true });
  // `force`: another kglab may remove the same folder.
  for (const left of await leftovers(cacheDir, PREFIX, clock.now()))
    await rm(left, { recursive: true, force: true });
  return withOwnFolder(cacheDir, PREFIX, work);
};

/** Timeout of a copy, in milliseconds: a slow disk without reflinks takes a minute. */
const COPY_TIMEOUT = 600_000;

/** Copies a file, by reflink where the file system supports it, and flushes it. Throws HOST_NO_SPACE, ARTIFACT_MISSING. */
export const copyFile = async (
  host: Executor,
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<void> => {
  signal?.throwIfAborted();
  const command = cmd('cp', '--reflink=auto', '--', from, to);
  const result = await host.exec(command, { timeoutMs: COPY_TIMEOUT, ...(signal && { signal }) });
  signal?.throwIfAborted();
  if (result.exitCode !== 0) throw new CommandError(copyFault(result.stderr), 'the host', command, result);
  await syncPath(to);
};

const copyFault = (stderr: string): 'HOST_NO_SPACE' | 'ARTIFACT_MISSING' =>
  /No space left|quota exceeded/i.test(stderr) ? 'HOST_NO_SPACE' : 'ARTIFACT_MISSING';

/** The error for a disk that filled up while writing below `cacheDir`. */
export const noSpace = (cacheDir: string, cause: unknown): CliError =>
  new CliError('HOST_NO_SPACE', `The disk of the cache ${cacheDir} is full.`, {
    hint: 'A k3s release takes about 300 MB. Remove old releases: kglab cache list; kglab cache rm VERSION',
    cause,
  });
