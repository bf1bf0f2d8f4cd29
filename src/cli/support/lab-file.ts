import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { LabConfig } from '../../config/config.js';
import { loadConfig, type LoadedConfig } from '../../config/load.js';
import { dirsOf } from '../../util/dirs.js';
import { LabStore } from '../../lab/lab-store.js';
import type { LabFlags } from './flags.js';
import { CliError } from '../../errors/cli-error.js';
import { writeUsers } from '../../util/private-files.js';

/** The lab that flags and lab file describe, and what that file is called (`defaults` without one). */
export const loadLab = ({ file, name, provider, nodes }: LabFlags): Promise<LoadedConfig> =>
  loadConfig({
    file,
    cwd: process.cwd(),
    readFile: (path) => readFile(path, 'utf8'),
    readStdin: () => text(process.stdin),
    overrides: {
      ...(name !== undefined && { name }),
      ...(provider !== undefined && { provider }),
      ...(nodes !== undefined && { nodes }),
    },
  });

/** The lab that flags and lab file describe. */
export const labConfig = async (flags: LabFlags): Promise<LabConfig> => (await loadLab(flags)).config;

/** The name of the lab alone: for commands that work on a lab that exists, whatever its file says by now. */
export const labName = async (flags: LabFlags): Promise<string> =>
  flags.name ?? (await labConfig(flags)).name;

/**
 * The lab to make: as flags and lab file describe it. Without either, a lab of that name that exists is meant as it
 * was made, not as the defaults have it.
 */
export const wantedLab = async (flags: LabFlags): Promise<LabConfig> => {
  const { config, source } = await loadLab(flags);
  if (source !== 'defaults' || flags.provider !== undefined || flags.nodes !== undefined) return config;
  const known = await new LabStore(dirsOf(process.env).state).load(config.name);
  return known?.config ?? config;
};

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/** Permissions of a new file, less the umask: a lab file holds no secret. */
const MODE = 0o666;

/**
 * Writes a lab file. One that may be replaced is there at every moment, the old or the new; without leave to replace,
 * one that came meanwhile stays as it is: throws CONFIRMATION_NEEDED.
 */
export const putLabFile = async (
  path: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<void> => {
  if (replace) return writeUsers(path, text, { mode: MODE });
  try {
    await writeFile(path, text, { flag: 'wx', mode: MODE });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new CliError('CONFIRMATION_NEEDED', `${path} has come into being meanwhile; it is left as it is.`, {
      hint: 'Name another with --file, or replace it: kglab init --force',
    });
  }
};
