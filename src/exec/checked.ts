import type { ErrorCode } from '../errors/catalog.js';
import { CliError, type CliErrorOptions } from '../errors/cli-error.js';
import {
  type Command,
  type CommandResult,
  type ExecOptions,
  type Executor,
  pretty,
  redact,
} from './command.js';

/** Lines of output kept in the error. */
const EVIDENCE_LINES = 20;

/** How a command ended, as the end of a sentence: `ended with exit code 1`. */
export const reason = ({ exitCode, signal, timedOut, durationMs }: CommandResult): string => {
  if (timedOut) return `did not end within ${(durationMs / 1000).toFixed(0)} s`;
  if (signal !== undefined) return `was killed by ${signal}`;
  return `ended with exit code ${exitCode}`;
};

/**
 * A failed command: where it ran, how it ended, its last lines of output, and the command to paste. `ending` replaces
 * "ended with exit code 1" in the message.
 */
export class CommandError extends CliError {
  constructor(
    code: ErrorCode,
    readonly where: string,
    readonly command: Command,
    readonly result: CommandResult,
    options: CliErrorOptions & { readonly what?: string; readonly ending?: string } = {},
  ) {
    const printed = command.private ? '' : `${result.stdout}\n${result.stderr}`;
    const output = redact(printed, command.secrets)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-EVIDENCE_LINES);
    super(code, `${options.what ?? `${command.file} on ${where}`} ${options.ending ?? reason(result)}`, {
      ...options,
      details: [...(options.details ?? []), ...output],
    });
    this.name = 'CommandError';
  }

  /** The failed command, for a shell on {@link where}. */
  get pasteable(): string {
    return pretty(this.command);
  }
}

export interface CheckedOptions extends ExecOptions {
  /** The code of the error when the command fails. */
  readonly code: ErrorCode;
  /** The subject of the message "… ended with exit code 1"; the command without it. */
  readonly what?: string;
  /** What to do next. */
  readonly hint?: string;
}

/** Runs a command; throws a CommandError with `code` when it fails. `where` names the machine. */
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
