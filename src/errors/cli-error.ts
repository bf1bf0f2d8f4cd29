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
