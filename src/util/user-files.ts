import { readFile, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { replaceFile } from './replace-file.js';

/**
 * The text of a file that belongs to the user; undefined when it does not exist. Throws when it is not a regular file (a
 * pipe may never end) or not UTF-8 (writing it back would change its bytes).
 */
export const readUserFile = async (path: string): Promise<string | undefined> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new Error('not a regular file');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) throw new Error('not UTF-8 text', { cause: error });
    throw error;
  }
};

/** Longest chain of links; the limit of Linux. */
const LINKS_MAX = 40;

/** The file at the end of a chain of links; it need not exist. */
export const behindLinks = async (path: string, links = LINKS_MAX): Promise<string> => {
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined || links === 0) return path;
  // A relative target counts from the real folder of the link.
  const folder = await realpath(dirname(path));
  return behindLinks(resolve(folder, target), links - 1);
};

/** How to write a file of the user. */
export interface UserFileOptions {
  /** It contains keys: only the owner keeps access. */
  readonly keys?: boolean;
  /** Permissions of a new file, less the umask; 0600 without it. */
  readonly mode?: number;
}

/**
 * Writes a file that belongs to the user atomically, through links. Keeps its owner, and its mode less what `keys`
 * forbids. Writes directly to a terminal or pipe.
 */
export const writeUserFile = async (
  path: string,
  content: string,
  { keys = false, mode = 0o600 }: UserFileOptions = {},
): Promise<void> => {
  const target = await behindLinks(path);
  const old = await stat(target).catch(() => undefined);
  if (old !== undefined && !old.isFile()) return writeFile(target, content);
  await replaceFile(target, content, {
    mode: old === undefined ? mode : 0o600,
    prepare: async (file) => {
      if (old === undefined) return;
      // Only root may change the owner; for others it is mostly their own file.
      await file.chown(old.uid, old.gid).catch(() => undefined);
      await file.chmod(old.mode & (keys ? 0o700 : 0o777));
    },
  });
};
