import { dirname, resolve } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import type { LabConfig } from './config.js';
import { parseConfig, type ConfigOverrides } from './parse.js';

export interface LoadOptions {
  /** Path of the lab file, or `-` for standard input; default: the first of {@link LAB_FILES} in `cwd`. */
  readonly file?: string | undefined;
  readonly cwd: string;
  /** Reads a file as UTF-8; rejects like node:fs, with a `code`. */
  readonly readFile: (path: string) => Promise<string>;
  readonly readStdin: () => Promise<string>;
  /** Flags that override the file. */
  readonly overrides?: ConfigOverrides;
}

export interface LoadedConfig {
  readonly config: LabConfig;
  /** The file's name in messages: its path as given, `stdin`, or `defaults` without a file. */
  readonly source: string;
  /** The file as read; empty when there is none. */
  readonly text: string;
}

/** Default names of a lab file; the first that exists is used. */
export const LAB_FILES = ['lab.yaml', 'lab.yml', 'kglab.yaml'] as const;

interface Found {
  readonly source: string;
  readonly text: string;
  /** Folder that paths in the file are relative to. */
  readonly folder: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

const unreadable = (file: string, cause: unknown): CliError => {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new CliError('CONFIG_UNREADABLE', `${file} cannot be read: ${REASONS[code ?? ''] ?? message}.`, {
    hint: 'Correct --file. Without --file, kglab uses lab.yaml in this directory, or a lab of three nodes if there is none.',
    cause,
  });
};

const readNamed = async (file: string, { cwd, readFile }: LoadOptions): Promise<Found> => {
  const path = resolve(cwd, file);
  try {
    return { source: file, text: await readFile(path), folder: dirname(path) };
  } catch (error) {
    throw unreadable(file, error);
  }
};

const isAbsent = (error: unknown): boolean =>
  error instanceof CliError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';

const find = async (options: LoadOptions): Promise<Found> => {
  for (const name of LAB_FILES) {
    try {
      return await readNamed(name, options);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return { source: 'defaults', text: '', folder: options.cwd };
};

const read = async (options: LoadOptions): Promise<Found> => {
  if (options.file === '-') return { source: 'stdin', text: await options.readStdin(), folder: options.cwd };
  return options.file === undefined ? find(options) : readNamed(options.file, options);
};

/**
 * Reads the lab file and fills in every default. Throws CONFIG_UNREADABLE when a file cannot be read, and
 * CONFIG_INVALID with one detail for each problem: `lab.yaml:3:7: message (suggestion)`.
 */
export const loadConfig = async (options: LoadOptions): Promise<LoadedConfig> => {
  const { source, text, folder } = await read(options);
  const config = parseConfig(text, source, options.overrides);
  const { artifacts } = config.k3s;
  const k3s = { ...config.k3s, artifacts: artifacts === undefined ? undefined : resolve(folder, artifacts) };
  return { config: { ...config, k3s }, source, text };
};
