import type { ErrorCode } from '../errors/catalog.js';
import { CliError, type CliErrorOptions } from '../errors/cli-error.js';
import { pretty, redact, type Command, type CommandResult } from './command.js';

/** Lines of output kept as evidence. */
const EVIDENCE_LINES = 20;

const reason = ({ exitCode, signal, timedOut, durationMs }: CommandResult): string => {
  if (timedOut) return `gave no answer within ${(durationMs / 1000).toFixed(0)} s`;
  if (signal !== undefined) return `was killed by ${signal}`;
  return `ended with exit code ${exitCode}`;
};

/** A command that failed: says where it ran, how it ended, the last lines it printed, and how to repeat it. */
export class CommandError extends CliError {
  constructor(
    code: ErrorCode,
    readonly where: string,
    readonly command: Command,
    readonly result: CommandResult,
    options: CliErrorOptions & { readonly what?: string } = {},
  ) {
    const printed = command.private ? '' : `${result.stdout}\n${result.stderr}`;
    const output = redact(printed, command.secrets)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-EVIDENCE_LINES);
    super(code, `${options.what ?? `${command.file} on ${where}`} ${reason(result)}`, {
      ...options,
      details: [...(options.details ?? []), ...output],
    });
    this.name = 'CommandError';
  }

  /** The failed command, to be pasted into a shell on {@link where}. */
  get pasteable(): string {
    return pretty(this.command);
  }
}
