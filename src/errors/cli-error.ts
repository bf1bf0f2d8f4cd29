import { CATALOG, type ErrorCode } from './catalog.js';

export interface CliErrorOptions {
  /** What to do next: a sentence, or commands to paste, one per line. Default: the entry in NEXT_STEPS. */
  readonly hint?: string;
  /** Evidence: output of programs, or problems found, one per line. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** An expected failure: a stable code, a sentence that says what failed and why, and what to do next. */
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
