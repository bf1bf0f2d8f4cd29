import type { RunLog } from '../../report/run-log.js';
import type { TeeReporter } from '../../report/reporters.js';

/** Everything one call of kglab shares: set up by flags, read by commands, and by the error screen at the end. */
export interface Session {
  readonly abort: AbortController;
  log?: RunLog;
  /** What tells of the run, its log included. */
  report?: TeeReporter;
  verbose: boolean;
  /** Exit code that a command wants although it did not fail (a child's own, or 3 for "would change"). */
  exitCode: number;
  /** Whether the terminal is a command's own for now, and signals are for that. */
  attached?: boolean;
}
