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
