import { CliError } from '../errors/cli-error.js';
import type { Lab } from './lab.js';

/**
 * Throws USAGE for a simulated lab. Its machines run commands (`exec`, `kubectl`, `logs`), but its volumes hold no
 * files: `mount` and everything below `volumes` needs real machines.
 */
export const assertRealMachines = ({ name, isRehearsal, record }: Lab): void => {
  if (!isRehearsal) return;
  throw new CliError('USAGE', `The ${record.provider} does not support this command.`, {
    details: [`Lab ${name} is simulated: its volumes hold no files.`],
    hint: 'Create a lab of real machines: kglab up -n NAME --provider nspawn (or multipass)',
  });
};
