import type { Clock } from '../util/clock.js';

/** Calls `tick` every `everyMs` milliseconds until the returned function is called. A tick that throws ends nothing. */
export const startTicker = (clock: Clock, everyMs: number, tick: () => void): (() => void) => {
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(everyMs, stopped.signal);
      try {
        tick();
      } catch {
        // It only shows that work goes on; the next one may succeed.
      }
    }
  };
  loop().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return () => stopped.abort();
};
