import { CliError } from '../errors/cli-error.js';
import { openLab, type Lab } from './lab.js';
import { recoverLab } from './recover.js';
import type { World } from './world.js';

/** Opens the lab of that name; a lost record is recovered from what providers remember. Undefined when there is none. */
export const loadLab = async (name: string, world: World): Promise<Lab | undefined> => {
  const record = await world.store.load(name);
  return record === undefined ? recoverLab(name, world) : openLab(record, world);
};

/** Opens a lab that must exist. Throws LAB_UNKNOWN, naming those that do. */
export const knownLab = async (name: string, world: World): Promise<Lab> => {
  const lab = await loadLab(name, world);
  if (lab) return lab;
  // The names alone: the record of another lab may be damaged.
  const known = await world.store.names();
  throw new CliError('LAB_UNKNOWN', `There is no lab called ${name}.`, {
    hint:
      known.length > 0
        ? `Labs of this user: ${known.join(', ')}. Choose one by --name.`
        : 'Make one: kglab up',
  });
};
