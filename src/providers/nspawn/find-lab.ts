import { readFile } from 'node:fs/promises';
import type { FoundLab } from '../../machines/provider.js';
import { readOwner } from './ledger.js';
import { labPaths } from './paths.js';

/** The lab of that name on this host, whatever its id. To a user who may not look there, there is none. */
export const findLab = async (dataDir: string, name: string): Promise<FoundLab | undefined> => {
  const paths = labPaths(dataDir, name);
  const lab = await readOwner(name, paths).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') return undefined;
    throw error;
  });
  if (lab === undefined) return undefined;
  const note = await readFile(paths.note, 'utf8').catch(() => undefined);
  return { lab: { name: lab.name, id: lab.id }, ...(note !== undefined && { note }) };
};
