import { join } from 'node:path';
import type { Dirs } from '../state/dirs.js';
import { findLab as findNspawnLab } from './nspawn/provider.js';
import type { FoundLab } from './provider.js';

/** The lab of that name as a provider of this host remembers it: for when kglab's own ledger is lost. */
export const findLab = (name: string, { machines }: Dirs): Promise<FoundLab | undefined> =>
  findNspawnLab(join(machines, 'nspawn'), name);
