import { stripVTControlCharacters } from 'node:util';
import type { Outcome, RunEvent } from '../engine/events.js';
import type { StageName } from '../engine/step.js';

/** The state of a step after the events so far. */
export interface BoardStep {
  readonly id: string;
  readonly kind: string;
  readonly stage: StageName;
  readonly title: string;
  state: 'waiting' | 'running' | 'finished';
  /** Time of its start in milliseconds since the epoch. */
  startedAt?: number;
  durationMs?: number;
  outcome?: Outcome;
  because?: string;
  /** The last line it printed, control characters removed. */
  lastLine?: string;
}

/** The state of a run, updated by its events; reporters for people draw it. */
export class RunBoard {
  lab = '';
  readonly #steps = new Map<string, BoardStep>();

  get steps(): readonly BoardStep[] {
    return [...this.#steps.values()];
  }

  /** The step with that id; undefined when the plan has none. */
  step(id: string): BoardStep | undefined {
    return this.#steps.get(id);
  }

  /** How many steps have that outcome. */
  count(outcome: Outcome): number {
    return this.steps.filter((step) => step.outcome === outcome).length;
  }

  /** The reason of the outcome; a step that blocked this one is named by its title. */
  reason({ because }: BoardStep): string | undefined {
    const blocker = because === undefined ? undefined : this.step(because);
    return blocker === undefined ? because : `needs "${blocker.title}"`;
  }

  apply(event: RunEvent): void {
    if (event.type === 'run.started') return this.#start(event);
    if (event.type === 'run.finished') return;
    const step = this.step(event.id);
    if (step === undefined) return;
    if (event.type === 'step.started') Object.assign(step, { state: 'running', startedAt: event.at });
    if (event.type === 'step.pending') step.because = event.because;
    if (event.type === 'step.line') step.lastLine = cleanLine(event.line) || step.lastLine || '';
    if (event.type === 'step.finished') {
      const { outcome, durationMs, because } = event;
      Object.assign(
        step,
        { state: 'finished', outcome, durationMs },
        because === undefined ? {} : { because },
      );
    }
  }

  #start({ plan }: Extract<RunEvent, { type: 'run.started' }>): void {
    this.lab = plan.lab;
    this.#steps.clear();
    for (const { id, kind, stage, title } of plan.steps) {
      this.#steps.set(id, { id, kind, stage, title, state: 'waiting' });
    }
  }
}

const cleanLine = (line: string): string =>
  // A progress bar overwrites its line: keep what follows the last carriage return.
  stripVTControlCharacters(line)
    .trimEnd()
    .split('\r')
    .at(-1)
    ?.replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
    .trim() ?? '';
