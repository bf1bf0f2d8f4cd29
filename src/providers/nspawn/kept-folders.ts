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

/** Files read in parallel. */
const LIMIT = 8;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Where a folder of a machine is on the host. `own`: it is one of OWN_FOLDERS, which are not on the overlay. */
export const onHost = (paths: MachinePaths, path: string): { readonly at: string; readonly own: boolean } => {
  const found = OWN_FOLDERS.find(({ target }) => path === target || path.startsWith(`${target}/`));
  return found === undefined
    ? { at: join(paths.upper, path), own: false }
    : { at: join(paths.own(found.folder), path.slice(found.target.length)), own: true };
};

/** The folders kept of a machine: the N-th of the list is in subfolder N. */
interface Index {
  readonly folders: readonly string[];
  /** All folders are complete here; otherwise a move, out of the machine or back into it, was interrupted or runs. */
  readonly whole: boolean;
}

/** Index of a machine's kept folders. The first version of kglab wrote only the list. */
const readIndex = async (dir: string): Promise<Index> => {
  const found = await readJson<Index | readonly string[]>(
    join(dir, INDEX),
    `The file lists which directories are kept as ${dir}/0, ${dir}/1 and so on. Look at them (ls -la ${quote(dir)}), then write the list again or move them away.`,
  );
  if (found === undefined) return { folders: [], whole: false };
  return 'whole' in found ? found : { folders: found, whole: true };
};

const isTaken = async (dir: string): Promise<boolean> =>
  (await readdir(dir).catch(() => [])).some((entry) => /^\d+$/.test(entry));

/** Moves the listed folders that are still in the machine. */
const moveOut = async (paths: LabPaths, machine: string, folders: readonly string[]): Promise<void> => {
  for (const [index, folder] of folders.entries()) {
    const { at, own } = onHost(paths.machine(machine), folder);
    const place = join(paths.kept, machine, String(index));
    if (!(await exists(at))) continue;
    if (!(await exists(place))) {
      await rename(at, place);
      continue;
    }
    // Kept before; since then the machine got only a copy, or an empty folder.
    if (!own || (await isRemoved(at))) continue;
    throw taken(place, machine);
  }
};

/**
 * Moves folders out of a stopped machine and returns the folder that holds them. The machine counts as incomplete from
 * then on. After an interruption, the next `keep` or the next creation of the machine continues.
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

/** Completes an interrupted `keep`, before the machine gets a new overlay. */
export const completeKeep = async (paths: LabPaths, machine: string): Promise<void> =>
  moveOut(paths, machine, (await readIndex(join(paths.kept, machine))).folders);

/** Moves kept folders into a machine that is being created. Returns false when none are kept. May be repeated. */
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
    // Copied, not moved: an interrupted creation starts again with a new overlay, and needs the kept folder again.
    if (own) await rename(place, at);
    else
      await checked(host, 'the host', cmd('cp', '-aT', '--reflink=auto', place, at), {
        ...options,
        code: 'MACHINE_FAILED',
      });
  }
  return true;
};

/** Removes what is kept, after the machine got it back and is complete. */
export const forgetKept = async (paths: LabPaths, machine: string): Promise<void> => {
  await rm(join(paths.kept, machine), { recursive: true, force: true });
  for (const dir of [paths.kept, dirname(paths.kept)]) await rmdir(dir).catch(() => undefined);
};

/**
 * Removes the rest of an interrupted move: the other part is in a complete machine, or was removed. Completely kept
 * folders stay.
 */
export const forgetPartial = async (paths: LabPaths, machine: string): Promise<void> => {
  const dir = join(paths.kept, machine);
  if ((await exists(dir)) && !(await readIndex(dir)).whole) await forgetKept(paths, machine);
};

/** All machines of which folders are kept; `whole` as in the index. */
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
  new CliError('MACHINE_FAILED', `${place} already holds data of ${machine} from an earlier --keep-data.`, {
    hint: 'Look at the data, and move it away if you do not need it.',
  });
