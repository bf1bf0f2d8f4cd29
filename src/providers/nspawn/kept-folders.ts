import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, quote, type ExecOptions, type Executor } from '../../exec/command.js';
import { syncPath } from '../../util/replace-file.js';
import { readJson, writeJson } from './records.js';
import { OWN_FOLDERS, type LabPaths, type MachinePaths } from './paths.js';
import { mapPool } from '../../util/pool.js';

const INDEX = 'folders.json';

/** Files read at the same time. */
const LIMIT = 8;

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

/** What is kept of a machine: folder N of the list lies in N. */
interface Index {
  readonly folders: readonly string[];
  /** All of it lies here; otherwise a move, out of the machine or back into it, is under way. */
  readonly whole: boolean;
}

/** Index of a machine's kept folders. The first kglab wrote the list alone. */
const readIndex = async (dir: string): Promise<Index> => {
  const found = await readJson<Index | readonly string[]>(
    join(dir, INDEX),
    `It names the folders that are kept in 0, 1, … beside it. Look at them, and write it anew or move them away: ls -la ${quote(dir)}`,
  );
  if (found === undefined) return { folders: [], whole: false };
  return 'whole' in found ? found : { folders: found, whole: true };
};

const isTaken = async (dir: string): Promise<boolean> =>
  (await readdir(dir).catch(() => [])).some((entry) => /^\d+$/.test(entry));

/** Moves what the index names and is still in the machine. */
const moveOut = async (paths: LabPaths, machine: string, folders: readonly string[]): Promise<void> => {
  for (const [index, folder] of folders.entries()) {
    const { at, own } = onHost(paths.machine(machine), folder);
    const place = join(paths.kept, machine, String(index));
    if (!(await exists(at))) continue;
    if (!(await exists(place))) {
      await rename(at, place);
      continue;
    }
    // Kept before, and the machine has only got as far as a copy, or an empty folder, since.
    if (!own || (await isRemoved(at))) continue;
    throw taken(place, machine);
  }
};

/**
 * Moves folders of a machine that is off out of it. From the first of them on it is no complete machine any more: cut
 * short, this is continued by the next `keep`, or when the machine is laid anew.
 */
export const keep = async (paths: LabPaths, machine: string, folders: readonly string[]): Promise<string> => {
  const dir = join(paths.kept, machine);
  const { seeded } = paths.machine(machine);
  if (await exists(seeded)) {
    await forgetPartial(paths, machine);
    if (await isTaken(dir)) throw taken(dir, machine);
  }
  const known = (await isTaken(dir)) ? (await readIndex(dir)).folders : [];
  const all = [...new Set([...known, ...folders])];
  await writeJson(join(dir, INDEX), { folders: all, whole: false });
  await rm(seeded, { force: true });
  await syncPath(dirname(seeded));
  await moveOut(paths, machine, all);
  await writeJson(join(dir, INDEX), { folders: all, whole: true });
  return dir;
};

/** Completes a `keep` that was cut short, before the machine's overlay is laid anew. */
export const completeKeep = async (paths: LabPaths, machine: string): Promise<void> =>
  moveOut(paths, machine, (await readIndex(join(paths.kept, machine))).folders);

/** Puts kept folders into a machine that is being laid, before it is called complete. May be repeated. */
export const restoreFolders = async (
  host: Executor,
  paths: LabPaths,
  machine: string,
  options: ExecOptions,
): Promise<boolean> => {
  const dir = join(paths.kept, machine);
  if (!(await isTaken(dir))) return false;
  const { folders } = await readIndex(dir);
  await writeJson(join(dir, INDEX), { folders, whole: false });
  for (const [index, folder] of folders.entries()) {
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

/**
 * Forgets what a run that was cut short left: the rest of it is in a machine that is complete, or was removed. What
 * is kept whole stays.
 */
export const forgetPartial = async (paths: LabPaths, machine: string): Promise<void> => {
  const dir = join(paths.kept, machine);
  if ((await exists(dir)) && !(await readIndex(dir)).whole) await forgetKept(paths, machine);
};

/** The folders of machines of which something is kept, and whether that is all there was to keep. */
export const keptFolders = async (
  paths: LabPaths,
): Promise<readonly { readonly machine: string; readonly path: string; readonly whole: boolean }[]> => {
  const machines = await readdir(paths.kept).catch(() => []);
  return mapPool(machines.sort(), LIMIT, async (machine) => {
    const path = join(paths.kept, machine);
    return { machine, path, whole: (await readIndex(path)).whole };
  });
};

const isRemoved = (dir: string): Promise<boolean> =>
  rmdir(dir).then(
    () => true,
    () => false,
  );

const taken = (place: string, machine: string): CliError =>
  new CliError('MACHINE_FAILED', `${place} already holds data kept from ${machine}.`, {
    hint: 'Look at it, and move it away if it is not needed any more.',
  });
