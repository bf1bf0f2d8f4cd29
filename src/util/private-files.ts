import { CliError } from '../errors/cli-error.js';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { behindLinks, replaceFile } from '../util/replace-file.js';

/** The text of a file; undefined when there is none. */
export const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * Parses a JSON file in which kglab notes what it has made. Such a file is always written whole: one that cannot be
 * read, or that `isRight` refuses, was damaged, and must not count as empty. Throws LEDGER_DAMAGED with `hint`.
 */
export const parseNotes = <T>(
  text: string,
  path: string,
  { isRight = () => true, hint }: { readonly isRight?: (notes: T) => boolean; readonly hint: string },
): T => {
  let notes: T | null;
  try {
    notes = JSON.parse(text) as T | null;
  } catch {
    notes = null;
  }
  if (typeof notes === 'object' && notes !== null && isRight(notes)) return notes;
  throw new CliError('LEDGER_DAMAGED', `${path} is damaged (${Buffer.byteLength(text)} bytes).`, { hint });
};

/**
 * The text of a file that is the user's; undefined when there is none. Throws when it is no regular file (a pipe may
 * never end), and when its bytes are no UTF-8: written back, they would be others.
 */
export const readUsers = async (path: string): Promise<string | undefined> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new Error('it is no regular file');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) throw new Error('it is no text in UTF-8', { cause: error });
    throw error;
  }
};

/** Writes a file for its owner alone (0600, folders 0700), see {@link replaceFile}. */
export const writePrivate = (path: string, content: string): Promise<void> => replaceFile(path, content);

/** How a file of the user is written. */
export interface UsersOptions {
  /** Keys are in it: nobody but its owner gets access, whoever had it before. */
  readonly keys?: boolean;
  /** Permissions of a new file, less the umask; 0600 without it. */
  readonly mode?: number;
}

/**
 * Writes a file that is the user's, whole or not at all: a link to it stays one, and its owner stays. Its mode stays
 * too, but for what `keys` forbids. What is no regular file (a terminal, a pipe) is written to.
 */
export const writeUsers = async (
  path: string,
  content: string,
  { keys = false, mode = 0o600 }: UsersOptions = {},
): Promise<void> => {
  const target = await behindLinks(path);
  const old = await stat(target).catch(() => undefined);
  if (old !== undefined && !old.isFile()) return writeFile(target, content);
  await replaceFile(target, content, {
    mode: old === undefined ? mode : 0o600,
    prepare: async (file) => {
      if (old === undefined) return;
      // Only root may give files away; anybody else's is their own as a rule.
      await file.chown(old.uid, old.gid).catch(() => undefined);
      await file.chmod(old.mode & (keys ? 0o700 : 0o777));
    },
  });
};
