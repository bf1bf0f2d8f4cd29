import type { Clock } from '../util/clock.js';

interface Sleeper {
  readonly at: number;
  /** Sleepers of the same moment wake in this order. */
  readonly order: number;
  readonly wake: () => void;
}

/** Calls back when nothing is left to run at the current time. */
export type Idle = (callback: () => void) => void;

/**
 * Virtual time: when everybody sleeps, it jumps to the moment at which the first one wakes. An hour of waiting costs
 * nothing, and the order of events is that of real time.
 */
export class SimClock implements Clock {
  private time: number;
  private sleepers: Sleeper[] = [];
  private order = 0;
  private ticking = false;

  constructor(
    start: number,
    private readonly idle: Idle,
  ) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper = { at: this.time + Math.max(0, ms), order: (this.order += 1), wake };
      const onAbort = (): void => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.insert(sleeper);
      this.tickSoon();
    });
  }

  private insert(sleeper: Sleeper): void {
    let index = this.sleepers.length;
    while (index > 0 && (this.sleepers[index - 1]?.at ?? 0) > sleeper.at) index -= 1;
    this.sleepers.splice(index, 0, sleeper);
  }

  private tickSoon(): void {
    if (this.ticking) return;
    this.ticking = true;
    this.idle(() => {
      this.ticking = false;
      this.tick();
    });
  }

  private tick(): void {
    const [first] = this.sleepers;
    if (first === undefined) return;
    this.time = Math.max(this.time, first.at);
    const due = this.sleepers.filter(({ at }) => at <= this.time);
    this.sleepers = this.sleepers.slice(due.length);
    for (const { wake } of due) wake();
    if (this.sleepers.length > 0) this.tickSoon();
  }
}
