import { pretty, redact, type Command, type CommandResult } from '../exec/command.js';
import { CATALOG, type ErrorCode } from './catalog.js';

export interface CliErrorOptions {
  /** What to do next: a sentence or commands to paste, a line each. */
  readonly hint?: string;
  /** Evidence: real output, problems found, a line each. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** An expected failure: a stable code, one sentence on what failed and why, and what to do next. */
export class CliError extends Error {
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(
    readonly code: ErrorCode,
    message: string,
    { hint, details = [], cause }: CliErrorOptions = {},
  ) {
    super(message, { cause });
    this.name = 'CliError';
    this.hint = hint;
    this.details = details;
  }

  /** The exit code of the process, from the catalogue. */
  get exitCode(): number {
    return CATALOG[this.code].exit;
  }
}

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
