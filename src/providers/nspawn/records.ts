import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import type { FoundLab, LabRef, MachineSpec } from '../../machines/provider.js';
import { quote } from '../../exec/command.js';
import { parseRecordFile, readText } from '../../util/private-files.js';
import { replaceFile } from '../../util/replace-file.js';
import { labPaths, type LabPaths } from './paths.js';

/** The record of a machine, without its cloud-init data. */
export interface MachineRecord extends Omit<MachineSpec, 'userData'> {
  readonly address: string;
  /** Folder of the root filesystem below its overlay. */
  readonly image: string;
}

/** The record of the lab's network on the host. */
export interface NetworkRecord {
  readonly bridge: string;
  readonly subnet: string;
  readonly table: string;
  readonly internet: boolean;
  /** The host's firewall drops forwarded packets, so the lab added rules to it. */
  readonly firewall: boolean;
}

/** Reads a JSON file; `undefined` when it is absent. Throws RECORD_DAMAGED, with `hint`, when it is not valid JSON. */
export const readJson = async <T>(
  path: string,
  hint = `Restore the file from a backup, or look for a copy in its directory: ls -l ${quote(dirname(path))}`,
): Promise<T | undefined> => {
  const text = await readText(path);
  return text === undefined ? undefined : parseRecordFile<T>(text, path, { hint });
};

/** For the `catch` of {@link readJson}: treats a damaged file as a missing one. */
export const unlessDamaged = (error: unknown): undefined => {
  if (!(error instanceof CliError && error.code === 'RECORD_DAMAGED')) throw error;
};

/** Writes a JSON file of the lab (0600), see {@link replaceFile}. */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);

/** The lab that owns the folder; undefined when it has no owner yet. Throws RECORD_DAMAGED. */
export const readOwner = (lab: string, { owner, note }: LabPaths): Promise<LabRef | undefined> =>
  readJson<LabRef>(
    owner,
    `Write the file again with this content: {"name": "${lab}", "id": "ID"}. The id is in: cat ${quote(note)}`,
  );

/** Throws MACHINE_FOREIGN when the folder belongs to another lab of the same name. */
export const assertOwnLab = async (lab: LabRef, paths: LabPaths): Promise<void> => {
  const owner = await readOwner(lab.name, paths);
  if (owner === undefined || owner.id === lab.id) return;
  throw new CliError(
    'MACHINE_FOREIGN',
    `This host already has another lab called ${lab.name} (id ${owner.id}).`,
    {
      details: [`its machines are in ${paths.dir}`],
      hint: 'Give this lab another name, or remove the other lab: run `kglab down` in the directory of its lab file.',
    },
  );
};

/** Creates the lab's folder and records its owner. Throws MACHINE_FOREIGN when it belongs to another lab. */
export const claimLab = async (lab: LabRef, paths: LabPaths): Promise<void> => {
  await assertOwnLab(lab, paths);
  await mkdir(paths.machines, { recursive: true, mode: 0o700 });
  if ((await readOwner(lab.name, paths)) === undefined)
    await writeJson(paths.owner, { name: lab.name, id: lab.id });
};

/** The lab of that name on this host, whatever its id; undefined for users without access to the folder. */
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
