import type { Clock } from '../util/clock.js';

/** A duration for people: `0.4 s`, `12 s`, `3 min 05 s`. */
export const formatDuration = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
};

/** Calls `tick` every `everyMs` milliseconds until the returned function is called. It goes on when `tick` throws. */
export const startTicker = (clock: Clock, everyMs: number, tick: () => void): (() => void) => {
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(everyMs, stopped.signal);
      try {
        tick();
      } catch {
        // `tick` only shows progress; the next call may succeed.
      }
    }
  };
  loop().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return () => stopped.abort();
};

/** Time until the first message, and between messages after that, in milliseconds. */
const FIRST_MS = 2_000;
const AGAIN_MS = 10_000;

/** Waits for work that prints nothing itself, and says from time to time what it waits for. */
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
