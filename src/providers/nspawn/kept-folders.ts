import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';
import { readJson, writeJson } from './ledger.js';
import { OWN_FOLDERS, type LabPaths, type MachinePaths } from './paths.js';

const INDEX = 'folders.json';

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Where a folder of a machine is on the host, and whether it is one of those that are not on its overlay. */
export const onHost = (paths: MachinePaths, path: string): { readonly at: string; readonly own: boolean } => {
  const found = OWN_FOLDERS.find(({ target }) => path === target || path.startsWith(`${target}/`));
  return found === undefined
    ? { at: join(paths.upper, path), own: false }
    : { at: join(paths.own(found.folder), path.slice(found.target.length)), own: true };
};

const isTaken = async (dir: string): Promise<boolean> =>
  (await readdir(dir).catch(() => [])).some((entry) => entry !== INDEX);

/** Moves folders of a machine that is off out of it; what an interrupted move has done is not done again. */
export const keep = async (paths: LabPaths, machine: string, folders: readonly string[]): Promise<string> => {
  const dir = join(paths.kept, machine);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeJson(join(dir, INDEX), folders);
  for (const [index, folder] of folders.entries()) {
    const { at } = onHost(paths.machine(machine), folder);
    const place = join(dir, String(index));
    if (!(await exists(at))) continue;
    if (await exists(place)) {
      // Kept before, and the machine has only got as far as an empty folder since.
      if (
        await rmdir(at).then(
          () => true,
          () => false,
        )
      )
        continue;
      throw new CliError('MACHINE_FAILED', `${place} already holds data kept from ${machine}.`, {
        hint: 'Look at it, and move it away if it is not needed any more.',
      });
    }
    await rename(at, place);
  }
  return dir;
};

/** Puts kept folders into a machine that is being laid, before it is called complete. May be repeated. */
export const giveBack = async (
  host: Executor,
  paths: LabPaths,
  machine: string,
  options: ExecOptions,
): Promise<boolean> => {
  const dir = join(paths.kept, machine);
  if (!(await isTaken(dir))) return false;
  for (const [index, folder] of ((await readJson<string[]>(join(dir, INDEX))) ?? []).entries()) {
    const place = join(dir, String(index));
    const { at, own } = onHost(paths.machine(machine), folder);
    if (!(await exists(place))) continue;
    await mkdir(dirname(at), { recursive: true, mode: 0o755 });
    await rmdir(at).catch(() => undefined);
    // A machine that is laid again starts with a new overlay: what is kept must then still be there.
    if (own) await rename(place, at);
    else
      await checked(host, 'the host', cmd('cp', '-aT', '--reflink=auto', place, at), {
        ...options,
        code: 'MACHINE_FAILED',
      });
  }
  return true;
};

/** Forgets what was given back: the machine is complete. */
export const forgetKept = async (paths: LabPaths, machine: string): Promise<void> => {
  await rm(join(paths.kept, machine), { recursive: true, force: true });
  for (const dir of [paths.kept, dirname(paths.kept)]) await rmdir(dir).catch(() => undefined);
};
