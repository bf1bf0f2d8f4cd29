import type { ExecOptions } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';

/** Admits one launch alone, because it downloads the image; after `open`, up to `limit` at a time. */
export class LaunchGate {
  private free: number;
  private opened = false;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly limit: number) {
    this.free = 1;
  }

  get isOpen(): boolean {
    return this.opened;
  }

  /** Waits for a free slot and returns the function that releases it. */
  async enter(): Promise<() => void> {
    if (this.free === 0) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.free -= 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.release();
    };
  }

  /** The image is there: others may launch in parallel. May be repeated. */
  open(): void {
    if (this.opened) return;
    this.opened = true;
    for (let more = 1; more < this.limit; more += 1) this.release();
  }

  private release(): void {
    const next = this.queue.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}

/** Opens the gate as soon as `seen` returns true. Abort the returned controller to stop polling. */
export const openWhen = (
  seen: (options: ExecOptions) => Promise<boolean>,
  {
    gate,
    clock,
    everyMs,
    signal,
  }: ExecOptions & { readonly gate: LaunchGate; readonly clock: Clock; readonly everyMs: number },
): AbortController => {
  const stop = new AbortController();
  const ended = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const watch = async (): Promise<void> => {
    while (!gate.isOpen) {
      await clock.sleep(everyMs, ended);
      if (await seen({ signal: ended })) gate.open();
    }
  };
  // Opening early only saves time; the launch itself reports failures.
  watch().catch(() => undefined);
  return stop;
};
