import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import type { FoundLab, LabRef, MachineSpec } from '../../machines/provider.js';
import { quote } from '../../exec/command.js';
import { parseNotes, readText } from '../../util/private-files.js';
import { replaceFile } from '../../util/replace-file.js';
import { labPaths, type LabPaths } from './paths.js';

/** What a machine is; the cloud-init data is not repeated here. */
export interface MachineRecord extends Omit<MachineSpec, 'userData'> {
  readonly address: string;
  /** Folder of the root filesystem below its overlay. */
  readonly image: string;
}

/** What the lab has of the host's network. */
export interface NetworkRecord {
  readonly bridge: string;
  readonly subnet: string;
  readonly table: string;
  readonly internet: boolean;
  /** The host's own firewall drops what is forwarded, so it has got rules for the lab. */
  readonly firewall: boolean;
}

/** Reads a JSON file; `undefined` when it is absent. Throws LEDGER_DAMAGED, with `hint`, for one that is no JSON. */
export const readJson = async <T>(
  path: string,
  hint = `Put it back from a backup, or look at what is beside it: ls -l ${quote(dirname(path))}`,
): Promise<T | undefined> => {
  const text = await readText(path);
  return text === undefined ? undefined : parseNotes<T>(text, path, { hint });
};

/** For the `catch` of {@link readJson}, where a damaged file is as good as none. */
export const unlessDamaged = (error: unknown): undefined => {
  if (!(error instanceof CliError && error.code === 'LEDGER_DAMAGED')) throw error;
};

/** Writes a JSON file of the lab (0600), see {@link replaceFile}. */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);

/** Whose the lab's folder on this host is. Throws LEDGER_DAMAGED: it may be another's. */
export const readOwner = (lab: string, { owner, note }: LabPaths): Promise<LabRef | undefined> =>
  readJson<LabRef>(
    owner,
    `It holds name and id of lab ${lab}: {"name": …, "id": …}. See them in its record, and write it anew: cat ${quote(note)}`,
  );

/** Throws MACHINE_FOREIGN when the lab's folder on this host belongs to another lab of the same name. */
export const assertOwnLab = async (lab: LabRef, paths: LabPaths): Promise<void> => {
  const owner = await readOwner(lab.name, paths);
  if (owner === undefined || owner.id === lab.id) return;
  throw new CliError(
    'MACHINE_FOREIGN',
    `This host already has another lab called ${lab.name} (id ${owner.id}).`,
    {
      details: [`its machines are in ${paths.dir}`],
      hint: 'Give this lab another name, or take the other one down from its own folder: kglab down',
    },
  );
};

/** Makes the lab's folder and marks it as this lab's. Throws MACHINE_FOREIGN when it is another's. */
export const claimLab = async (lab: LabRef, paths: LabPaths): Promise<void> => {
  await assertOwnLab(lab, paths);
  await mkdir(paths.machines, { recursive: true, mode: 0o700 });
  if ((await readOwner(lab.name, paths)) === undefined)
    await writeJson(paths.owner, { name: lab.name, id: lab.id });
};

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
