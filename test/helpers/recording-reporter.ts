import type { Outcome, Reporter, RunEvent } from '../../src/engine/events.js';

/** Keeps every event for assertions. */
export class RecordingReporter implements Reporter {
  readonly events: RunEvent[] = [];
  closed = false;

  emit(event: RunEvent): void {
    this.events.push(event);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** The events of one type, typed as such. */
  ofType<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  }

  /** How each finished step ended, by id. */
  outcomes(): Record<string, Outcome> {
    return Object.fromEntries(this.ofType('step.finished').map(({ id, outcome }) => [id, outcome]));
  }
}
