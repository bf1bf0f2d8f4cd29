import type { Reporter, RunEvent } from '../engine/events.js';

/** Tells several reporters the same. */
export class TeeReporter implements Reporter {
  readonly #reporters: readonly Reporter[];

  constructor(...reporters: readonly Reporter[]) {
    this.#reporters = reporters;
  }

  emit(event: RunEvent): void {
    for (const reporter of this.#reporters) reporter.emit(event);
  }

  /** Closes all of them, in order. */
  async close(): Promise<void> {
    for (const reporter of this.#reporters) await reporter.close();
  }
}
