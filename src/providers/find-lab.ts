import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dirs } from '../util/dirs.js';
import { labPaths } from './nspawn/paths.js';
import { findLab as findNspawnLab } from './nspawn/find-lab.js';
import type { FoundLab } from '../machines/provider.js';

/** The lab of that name as a provider of this host remembers it: for when kglab's own ledger is lost. */
export const findLab = (name: string, { machines }: Dirs): Promise<FoundLab | undefined> =>
  findNspawnLab(join(machines, 'nspawn'), name);

/**
 * The file by which one process at a time works on the machines of a lab: users with ledgers of their own share them.
 * Undefined when there is no such lab here, or not for this user.
 */
export const findLock = async (name: string, { machines }: Dirs): Promise<string | undefined> => {
  const { owner, lock } = labPaths(join(machines, 'nspawn'), name);
  return access(owner).then(
    () => lock,
    () => undefined,
  );
};
