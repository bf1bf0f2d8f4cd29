import type { Clock } from '../util/clock.js';

interface Sleeper {
  readonly at: number;
  /** Order of falling asleep, among those who wake at the same moment. */
  readonly order: number;
  readonly wake: () => void;
}

/** Runs something when all that is due without time passing has happened. */
export type Idle = (callback: () => void) => void;

/**
 * Virtual time: as soon as everybody sleeps, it jumps to the moment when the first wakes. An hour of waiting costs
 * nothing, and everything happens in the order it would happen in.
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
