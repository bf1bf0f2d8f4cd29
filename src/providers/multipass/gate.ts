import type { ExecOptions } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';

/** Lets the first one through alone and, once `open` was called, a number of them at a time. */
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

  /** Waits for its turn and returns what ends it. */
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

  /** The image is there: others may go beside the first. May be repeated. */
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

/** Opens the gate as soon as `seen` says so; what it returns ends the watch. */
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
  // It only makes things faster: what is wrong is for the launch itself to say.
  watch().catch(() => undefined);
  return stop;
};
