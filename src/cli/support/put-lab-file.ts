import { rename, rm, writeFile } from 'node:fs/promises';
import { CliError } from '../../errors/cli-error.js';

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/**
 * Writes a lab file. One that may be replaced is there at every moment, the old or the new; without leave to replace,
 * one that came meanwhile stays as it is: throws CONFIRMATION_NEEDED.
 */
export const putLabFile = async (
  path: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<void> => {
  if (!replace) {
    try {
      return await writeFile(path, text, { flag: 'wx' });
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      throw new CliError(
        'CONFIRMATION_NEEDED',
        `${path} has come into being meanwhile; it is left as it is.`,
        {
          hint: 'Name another with --file, or replace it: kglab init --force',
        },
      );
    }
  }
  const draft = `${path}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
};
