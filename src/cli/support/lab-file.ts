import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { LabConfig } from '../../config/config.js';
import { loadConfig, type LoadedConfig } from '../../config/load.js';
import { dirsOf } from '../../util/dirs.js';
import { LabStore } from '../../lab/lab-store.js';
import type { LabFlags } from './flags.js';
import { CliError } from '../../errors/cli-error.js';
import { writeUserFile } from '../../util/user-files.js';

/** The lab that flags and lab file describe, and the name of that file (`defaults` without one). */
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

/** Only the name of the lab, for commands that work on an existing lab whatever its file says now. */
export const labName = async (flags: LabFlags): Promise<string> =>
  flags.name ?? (await labConfig(flags)).name;

/**
 * The lab for `up`: as flags and lab file describe it. Without either, an existing lab of that name keeps its
 * configuration; the defaults do not replace it.
 */
export const wantedLab = async (flags: LabFlags): Promise<LabConfig> => {
  const { config, source } = await loadLab(flags);
  if (source !== 'defaults' || flags.provider !== undefined || flags.nodes !== undefined) return config;
  const known = await new LabStore(dirsOf(process.env).state).load(config.name);
  return known?.config ?? config;
};

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

/** Permissions of a new file, before the umask: a lab file holds no secret. */
const MODE = 0o666;

/**
 * Writes a lab file. `replace` replaces an existing file atomically. Otherwise throws CONFIRMATION_NEEDED if the file was
 * created in the meantime, and leaves it unchanged.
 */
export const putLabFile = async (
  path: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<void> => {
  if (replace) return writeUserFile(path, text, { mode: MODE });
  try {
    await writeFile(path, text, { flag: 'wx', mode: MODE });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new CliError(
      'CONFIRMATION_NEEDED',
      `${path} was created in the meantime; kglab did not overwrite it.`,
      {
        hint: 'Choose another file with --file, or replace it: kglab init --force',
      },
    );
  }
};
