import { readFile } from 'node:fs/promises';
import { CliError } from '../errors/cli-error.js';
import { replaceFile } from './replace-file.js';

/** The text of a file; undefined when it does not exist. */
export const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * Parses the JSON of a record (see docs/glossary.md). kglab replaces records atomically, so one that does not parse, or
 * that `isValid` refuses, is damaged; it must not count as empty. Throws RECORD_DAMAGED with `hint`.
 */
export const parseRecordFile = <T>(
  text: string,
  path: string,
  { isValid = () => true, hint }: { readonly isValid?: (record: T) => boolean; readonly hint: string },
): T => {
  let record: T | null;
  try {
    record = JSON.parse(text) as T | null;
  } catch {
    record = null;
  }
  if (typeof record === 'object' && record !== null && isValid(record)) return record;
  throw new CliError(
    'RECORD_DAMAGED',
    `${path} is damaged: it is not a valid record (${Buffer.byteLength(text)} bytes long).`,
    { hint },
  );
};

/** Writes a file of kglab's own, readable by its owner alone (0600, folders 0700), see {@link replaceFile}. */
export const writePrivate = (path: string, content: string): Promise<void> => replaceFile(path, content);
