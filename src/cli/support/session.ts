import type { RunLog } from '../../report/run-log.js';
import type { TeeReporter } from '../../report/reporters.js';

/** What one run of kglab shares: set by flags, read by commands and by the error screen. */
export interface Session {
  readonly abort: AbortController;
  log?: RunLog;
  /** Shows the progress, and writes the log. */
  report?: TeeReporter;
  verbose: boolean;
  /** Exit code of a command that did not fail: 0, or that of a program run by `exec` or `kubectl`. */
  exitCode: number;
  /** A child process owns the terminal and gets the signals. */
  attached?: boolean;
}
