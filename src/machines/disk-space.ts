import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../errors/cli-error.js';

const MIB = 1024 * 1024;

/** Free space in MiB at a path, or where it will be when it does not exist yet. */
export const freeMiB = async (path: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(path);
    return Math.floor((bavail * bsize) / MIB);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return freeMiB(dirname(path));
  }
};

/** Throws HOST_NO_SPACE when fewer than `needMiB` are free at `path`. */
export const assertSpace = async (path: string, needMiB: number, forWhat: string): Promise<void> => {
  const free = await freeMiB(path);
  if (free >= needMiB) return;
  throw new CliError('HOST_NO_SPACE', `${path} has ${free} MiB free; ${forWhat} needs ${needMiB} MiB.`, {
    hint: `See what fills it: df -h ${path}`,
  });
};
