import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { LabConfig } from '../../config/config.js';
import { loadConfig, type LoadedConfig } from '../../config/load.js';
import { dirsOf } from '../../util/dirs.js';
import { LabStore } from '../../lab/lab-store.js';
import type { LabFlags } from './flags.js';

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
