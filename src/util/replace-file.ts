import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Flushes a file, or the names in a folder, to the disk. Without it a power cut may keep a rename and lose the content.
 */
export const syncPath = async (path: string): Promise<void> => {
  const opened = await open(path);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
};

/** Errors where a folder cannot be opened or flushed: no permission to list it, a network share, Windows. */
const NO_FOLDER_SYNC = new Set(['EACCES', 'EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP']);

/** {@link syncPath} of a folder, where the system supports it. */
const syncFolder = (path: string): Promise<void> =>
  syncPath(path).catch((error: NodeJS.ErrnoException) => {
    if (!NO_FOLDER_SYNC.has(error.code ?? '')) throw error;
  });

/** How to write a file. */
export interface ReplaceOptions {
  /** Permissions of the file, less the umask; 0600 without it. */
  readonly mode?: number;
  /** Permissions of created folders, less the umask; 0700 without it. */
  readonly folderMode?: number;
  /** Works on the complete file before it takes its place. */
  readonly prepare?: (file: FileHandle) => Promise<void>;
}

/**
 * Replaces a file atomically, safe against a power cut: writes a temporary file beside it, flushes and renames it.
 * Creates missing folders. A failure leaves the old file and no temporary file.
 */
export const replaceFile = async (
  path: string,
  content: string | Uint8Array,
  { mode = 0o600, folderMode = 0o700, prepare }: ReplaceOptions = {},
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: folderMode });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    // Exclusive: does not follow a link that somebody put there.
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
