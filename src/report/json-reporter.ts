import type { Reporter, RunEvent } from '../engine/events.js';

/** One event a line, as JSON: for programs. */
export class JsonReporter implements Reporter {
  constructor(
    readonly write: (text: string) => void,
    readonly redact: (text: string) => string = (text) => text,
  ) {}

  emit(event: RunEvent): void {
    this.write(`${this.redact(JSON.stringify(event))}\n`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
