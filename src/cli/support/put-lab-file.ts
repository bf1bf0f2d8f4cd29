import { CliError } from '../../errors/cli-error.js';
import { writeFile } from 'node:fs/promises';
import { writeUserFile } from '../../util/user-files.js';

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/** Permissions of a new file, less the umask: a lab file holds no secret. */
const MODE = 0o666;

/**
 * Writes a lab file. One that may be replaced is there at every moment, the old or the new; without leave to replace,
 * one that came meanwhile stays as it is: throws CONFIRMATION_NEEDED.
 */
export const putLabFile = async (
  path: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<void> => {
  if (replace) return writeUserFile(path, text, { mode: MODE });
  try {
    await writeFile(path, text, { flag: 'wx', mode: MODE });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new CliError('CONFIRMATION_NEEDED', `${path} has come into being meanwhile; it is left as it is.`, {
      hint: 'Name another with --file, or replace it: kglab init --force',
    });
  }
};
