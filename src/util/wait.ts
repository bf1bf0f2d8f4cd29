import { CliError } from '../errors/cli-error.js';
import type { Clock } from './clock.js';

export interface WaitOptions {
  readonly clock: Clock;
  /** How long to try, in milliseconds. */
  readonly timeoutMs: number;
  /** Pause between two tries, in milliseconds. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Default pause between two looks at a condition: short against a boot (seconds), long against an exec (20 ms). */
const EVERY_MS = 250;

/**
 * Calls `look` until it returns something other than `undefined`, and returns that; `undefined` when time is up.
 * Whatever `look` throws ends the wait.
 */
export const waitFor = async <T>(
  look: () => Promise<T | undefined>,
  { clock, timeoutMs, everyMs = EVERY_MS, signal }: WaitOptions,
): Promise<T | undefined> => {
  const end = clock.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (clock.now() + everyMs > end) return undefined;
    await clock.sleep(everyMs, signal);
  }
};

/**
 * For the `catch` of one look of a wait: who has just started, or lacks memory, may leave a question unanswered, and the
 * next look counts. Returns the failure; throws on what is a bug or an interruption.
 */
export const unanswered = (error: unknown, signal: AbortSignal): CliError => {
  const [first, ...others] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  if (first instanceof CliError && others.every((one) => one instanceof CliError) && !signal.aborted)
    return first;
  throw error;
};
