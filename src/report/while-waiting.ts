import type { Clock } from '../util/clock.js';
import { formatDuration } from './duration.js';
import { startTicker } from './ticker.js';

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
