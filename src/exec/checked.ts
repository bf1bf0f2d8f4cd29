import type { ErrorCode } from '../errors/catalog.js';
import { CommandError } from './command-error.js';
import type { Command, CommandResult, ExecOptions, Executor } from './command.js';

export interface CheckedOptions extends ExecOptions {
  /** The code of the error when the command fails. */
  readonly code: ErrorCode;
  /** What was being done, as the subject of "… ended with exit code 1". */
  readonly what?: string;
  /** What to do next. */
  readonly hint?: string;
}

/** Runs a command that must succeed; throws a CommandError with `code` when it does not. `where` names the machine. */
export const checked = async (
  executor: Executor,
  where: string,
  command: Command,
  { code, what, hint, ...options }: CheckedOptions,
): Promise<CommandResult> => {
  const result = await executor.exec(command, options);
  if (result.exitCode === 0 && !result.timedOut && result.signal === undefined) return result;
  throw new CommandError(code, where, command, result, {
    ...(what !== undefined && { what }),
    ...(hint !== undefined && { hint }),
  });
};
