import type { Clock } from '../util/clock.js';

/** A span for people: `0.4 s`, `12 s`, `3 min 05 s`. */
export const formatDuration = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
};

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

/** When a silence is first explained, and how often after that (milliseconds). */
const FIRST_MS = 2_000;
const AGAIN_MS = 10_000;

/** Waits for something that says nothing by itself; `what` names what it is at, asked each time. */
export const whileWaiting = async <T>(
  work: Promise<T>,
  { clock, say, what }: { readonly clock: Clock; say(line: string): void; what(): string },
): Promise<T> => {
  const start = clock.now();
  let due = start + FIRST_MS;
  const stop = startTicker(clock, FIRST_MS, () => {
    const now = clock.now();
    if (now < due) return;
    due = now + AGAIN_MS;
    say(`${what()} (${formatDuration(now - start)})`);
  });
  try {
    return await work;
  } finally {
    stop();
  }
};
