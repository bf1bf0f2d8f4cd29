import { CliError } from '../errors/cli-error.js';
import type { Clock } from './clock.js';

export interface WaitOptions {
  readonly clock: Clock;
  /** How long to try, in milliseconds. */
  readonly timeoutMs: number;
  /** Pause between two checks, in milliseconds. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Default pause between two checks: short against a boot (seconds), long against an exec (20 ms). */
const EVERY_MS = 250;

/**
 * Calls `check` until it returns something other than `undefined`, and returns that; `undefined` after `timeoutMs`.
 * An error of `check` ends the wait.
 */
export const waitFor = async <T>(
  check: () => Promise<T | undefined>,
  { clock, timeoutMs, everyMs = EVERY_MS, signal }: WaitOptions,
): Promise<T | undefined> => {
  const end = clock.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await check();
    if (found !== undefined) return found;
    if (clock.now() + everyMs > end) return undefined;
    await clock.sleep(everyMs, signal);
  }
};

/**
 * For the `catch` of one check in {@link waitFor}: a program that just started, or that lacks memory, may fail now and
 * answer at the next check. Returns a CliError (of several, the first); throws a bug or an abort of `signal`.
 */
export const retryable = (error: unknown, signal: AbortSignal): CliError => {
  const [first, ...others] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  if (first instanceof CliError && others.every((one) => one instanceof CliError) && !signal.aborted)
    return first;
  throw error;
};
