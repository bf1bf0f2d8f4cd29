import type { ErrorCode } from '../errors/catalog.js';
import { checked, CommandError } from '../exec/checked.js';
import { type Command, type ExecOptions, type Executor } from '../exec/command.js';
import { guestScript } from './script.js';

export interface FileOptions extends ExecOptions {
  /** Permissions, e.g. `'0600'`. */
  readonly mode: string;
  /** `user` or `user:group`; the user who writes without it. */
  readonly owner?: string;
  /** Name of the machine, for errors. */
  readonly where?: string;
  readonly code?: ErrorCode;
}

/** The exit code by which read_file says that there is no such file; cat itself does not use it. */
const ABSENT = 44;
const put = async (
  executor: Executor,
  path: string,
  input: Pick<Command, 'stdin' | 'stdinFile'>,
  { mode, owner = '', where = 'the machine', code = 'MACHINE_FAILED', ...options }: FileOptions,
): Promise<void> => {
  const command = { ...guestScript('files.sh', 'write_file', path, mode, owner), ...input };
  await checked(executor, where, command, { ...options, code, what: `Writing ${path} on ${where}` });
};

/** Writes a text file atomically. Throws `code` (MACHINE_FAILED) when that fails. */
export const writeFile = (
  executor: Executor,
  path: string,
  content: string,
  options: FileOptions,
): Promise<void> => put(executor, path, { stdin: content }, options);

/** Streams a file of the host to `path`, atomically. Throws `code` (MACHINE_FAILED) when that fails. */
export const copyIn = (
  executor: Executor,
  hostPath: string,
  path: string,
  options: FileOptions,
): Promise<void> => put(executor, path, { stdinFile: hostPath }, options);

/** The text of a file; `undefined` when it does not exist. Throws `code` (MACHINE_FAILED) when it cannot be read. */
export const readFile = async (
  executor: Executor,
  path: string,
  { where = 'the machine', code = 'MACHINE_FAILED', ...options }: Omit<FileOptions, 'mode' | 'owner'> = {},
): Promise<string | undefined> => {
  const command = guestScript('files.sh', 'read_file', path);
  const result = await executor.exec(command, options);
  if (result.exitCode === ABSENT) return undefined;
  if (result.exitCode === 0) return result.stdout;
  throw new CommandError(code, where, command, result, { what: `Reading ${path} on ${where}` });
};
