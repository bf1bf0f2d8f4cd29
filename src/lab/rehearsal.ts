import { CliError } from '../errors/cli-error.js';
import type { Lab } from './lab.js';

/**
 * What cannot be done in a rehearsal, whose machines are data alone: volumes hold no files that could be listed, copied,
 * restored or mounted. Throws USAGE for such a lab.
 */
export const assertRealMachines = ({ name, isRehearsal, record }: Lab): void => {
  if (!isRehearsal) return;
  throw new CliError('USAGE', `Lab ${name} is simulated: its volumes hold no files.`, {
    hint: `Make a lab of machines: kglab up -n NAME --provider nspawn (this one is of provider ${record.provider})`,
  });
};
