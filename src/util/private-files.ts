import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../errors/cli-error.js';

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

/** Writes a file for its owner alone (0600, folders 0700): complete on disk before it takes the place of the old one. */
export const writePrivate = async (
  path: string,
  content: string,
  prepare?: (temporary: string) => Promise<void>,
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await prepare?.(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

/**
 * Writes a file that is the user's, whole or not at all: a link to it stays one, and its owner stays. Its mode stays
 * too, but for what `keys` forbids: with those in it, it is for its owner alone. A new one is that anyway.
 */
export const writeUsers = async (
  path: string,
  content: string,
  { keys = false }: { readonly keys?: boolean } = {},
): Promise<void> => {
  const target = await realpath(path).catch(() => path);
  const old = await stat(target).catch(() => undefined);
  await writePrivate(target, content, async (temporary) => {
    if (old === undefined) return;
    // Only root may give files away; anybody else's is their own as a rule.
    await chown(temporary, old.uid, old.gid).catch(() => undefined);
    await chmod(temporary, old.mode & (keys ? 0o700 : 0o777));
  });
};
