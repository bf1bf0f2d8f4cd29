import type { Clock } from '../util/clock.js';

/** The other side has been silent for too long. */
export class Stalled extends Error {
  constructor(readonly silentMs: number) {
    super(`no data came for ${Math.round(silentMs / 1000)} s`);
    this.name = 'Stalled';
  }
}

export interface GuardOptions {
  readonly clock: Clock;
  /** How long nothing may happen, in milliseconds. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` with a signal that aborts with `signal`, or with Stalled when `beat` was not called for `stallMs`.
 * A limit on silence instead of on duration: 200 MB over a slow line may take long.
 */
export const guardStall = async <T>(
  { clock, stallMs, signal }: GuardOptions,
  work: (signal: AbortSignal, beat: () => void) => Promise<T>,
): Promise<T> => {
  const [stalled, done] = [new AbortController(), new AbortController()];
  let last = clock.now();
  const watch = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(stallMs - (clock.now() - last), done.signal);
      if (done.signal.aborted) return;
      if (clock.now() - last >= stallMs) return stalled.abort(new Stalled(stallMs));
    }
  };
  // Ends by the rejection of its sleep once the work is done.
  watch().catch(() => undefined);
  try {
    const signals = signal === undefined ? [stalled.signal] : [signal, stalled.signal];
    return await work(AbortSignal.any(signals), () => (last = clock.now()));
  } catch (error) {
    throw stalled.signal.aborted && !signal?.aborted ? stalled.signal.reason : error;
  } finally {
    done.abort();
  }
};
