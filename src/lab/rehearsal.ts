import { CliError } from '../errors/cli-error.js';
import type { Lab } from './lab.js';

/**
 * Throws USAGE for a simulated lab. Its machines run commands (`exec`, `kubectl`, `logs`), but its volumes hold no
 * files: `mount` and everything below `volumes` needs real machines.
 */
export const assertRealMachines = ({ name, isRehearsal }: Pick<Lab, 'name' | 'isRehearsal'>): void => {
  if (!isRehearsal) return;
  throw new CliError(
    'USAGE',
    `Lab ${name} is simulated: it has no files, so this command is not available.`,
    {
      hint: 'Create a lab of real machines: kglab up -n NAME --provider nspawn (or multipass)',
    },
  );
};
