import { randomBytes } from 'node:crypto';
import { mkdir, open, readlink, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Brings a file to the disk, or which files a folder has: a rename must not outlive a power cut that its content does
 * not.
 */
export const syncPath = async (path: string): Promise<void> => {
  const opened = await open(path);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
};

/** What systems answer that cannot open or sync a folder: one that may not be listed, a network share, Windows. */
const NO_FOLDER_SYNC = new Set(['EACCES', 'EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP']);

/** As {@link syncPath}, of a folder, where the system can. */
const syncFolder = (path: string): Promise<void> =>
  syncPath(path).catch((error: NodeJS.ErrnoException) => {
    if (!NO_FOLDER_SYNC.has(error.code ?? '')) throw error;
  });

/** How a file is written. */
export interface ReplaceOptions {
  /** Permissions of the file, less the umask; for its owner alone without it. */
  readonly mode?: number;
  /** Permissions of the folders that are made, less the umask; 0700 without it. */
  readonly folderMode?: number;
  /** Works on the complete file before it takes its place. */
  readonly prepare?: (file: FileHandle) => Promise<void>;
}

/**
 * Writes a file that is there whole at every moment, the old one or the new, after a power cut too: beside it, to the
 * disk, then in its place. Missing folders are made. A failure leaves the old file, and nothing beside it.
 */
export const replaceFile = async (
  path: string,
  content: string | Uint8Array,
  { mode = 0o600, folderMode = 0o700, prepare }: ReplaceOptions = {},
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: folderMode });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    // Exclusive: never through a link somebody put there.
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await prepare?.(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
};

/** Links that are followed from one to the next; Linux has the same limit. */
const LINKS_MAX = 40;

/** The file behind a link, and behind the links it leads to; it need not be there. */
export const behindLinks = async (path: string, links = LINKS_MAX): Promise<string> => {
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined || links === 0) return path;
  // What the target counts from is the folder that the link really lies in.
  const folder = await realpath(dirname(path));
  return behindLinks(resolve(folder, target), links - 1);
};
