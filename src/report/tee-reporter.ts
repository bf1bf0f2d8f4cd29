import { unfailing, type Reporter, type RunEvent } from '../engine/events.js';

/** Tells several reporters the same. One that throws is not heard of by the others, nor by whoever works. */
export class TeeReporter implements Reporter {
  readonly #reporters: readonly Reporter[];
  #failure: unknown;

  constructor(...reporters: readonly Reporter[]) {
    this.#reporters = reporters.map((reporter) =>
      unfailing(reporter, (error) => {
        this.#failure ??= error;
      }),
    );
  }

  /** What went wrong first; undefined when all was told. */
  get failure(): unknown {
    return this.#failure;
  }

  emit(event: RunEvent): void {
    for (const reporter of this.#reporters) reporter.emit(event);
  }

  /** Closes all of them, in order. */
  async close(): Promise<void> {
    for (const reporter of this.#reporters) await reporter.close();
  }
}
