import type { Outcome, Reporter, RunEvent } from '../engine/events.js';
import { systemClock, type Clock } from '../util/clock.js';
import { formatDuration, startTicker } from './timing.js';
import { RunBoard, type BoardStep } from './run-board.js';
import { summarySentence } from './run-labels.js';

/** Silence after which a step prints that it still runs, in milliseconds: CI systems kill silent jobs. */
const HEARTBEAT_MS = 15_000;
const TICK_MS = 1_000;
/** Shortest time between lines of a step that differ only in numbers, in milliseconds. */
const PROGRESS_MS = 2_000;

/** A line without its numbers. */
const kindOf = (line: string): string => line.replaceAll(/[\d.,]+/g, '');

const VERDICTS: Record<Outcome, string> = {
  changed: 'done',
  unchanged: 'unchanged',
  'would-change': 'would change',
  skipped: 'skipped',
  failed: 'FAILED',
};

/** Plain lines, one per event, for logs, pipes and terminals without cursor control. */
export class LineReporter implements Reporter {
  readonly #board = new RunBoard();
  readonly #spokenAt = new Map<string, number>();
  readonly #lastKind = new Map<string, string>();
  #stopTicker: (() => void) | undefined;

  constructor(
    readonly write: (text: string) => void,
    readonly clock: Clock = systemClock,
  ) {}

  emit(event: RunEvent): void {
    this.#board.apply(event);
    switch (event.type) {
      case 'run.started':
        this.#stopTicker ??= startTicker(this.clock, TICK_MS, () => this.#heartbeats());
        return this.#line(`Lab ${this.#board.lab}: ${event.plan.steps.length} steps`);
      case 'step.started':
        this.#spokenAt.set(event.id, event.at);
        return;
      case 'step.pending':
        this.#spokenAt.set(event.id, event.at);
        return this.#say(event.id, () => `(${event.because})`);
      case 'step.finished':
        this.#spokenAt.delete(event.id);
        return this.#say(event.id, (step) => this.#verdict(step));
      case 'run.finished':
        this.#stop();
        return this.#line(summarySentence(this.#board, event));
      case 'step.line':
        return this.#told(event.id, event.at);
    }
  }

  close(): Promise<void> {
    this.#stop();
    return Promise.resolve();
  }

  #verdict(step: BoardStep): string {
    const { outcome = 'skipped', durationMs = 0 } = step;
    const took = outcome === 'changed' || outcome === 'failed' ? ` (${formatDuration(durationMs)})` : '';
    const tells = outcome === 'skipped' || outcome === 'failed' || outcome === 'would-change';
    const reason = tells ? this.#board.reason(step) : undefined;
    return `${VERDICTS[outcome]}${took}${reason === undefined ? '' : `: ${reason}`}`;
  }

  #told(id: string, at: number): void {
    const { lastLine } = this.#board.step(id) ?? {};
    if (!lastLine) return;
    const kind = kindOf(lastLine);
    if (this.#lastKind.get(id) === kind && at - (this.#spokenAt.get(id) ?? at) < PROGRESS_MS) return;
    this.#lastKind.set(id, kind);
    this.#spokenAt.set(id, at);
    this.#say(id, () => lastLine);
  }

  #heartbeats(): void {
    const now = this.clock.now();
    for (const [id, spokenAt] of this.#spokenAt) {
      if (now - spokenAt < HEARTBEAT_MS) continue;
      this.#spokenAt.set(id, now);
      this.#say(id, ({ startedAt = now, lastLine }) => {
        const elapsed = formatDuration(now - startedAt);
        return `still running after ${elapsed}${lastLine ? `: ${lastLine}` : ''}`;
      });
    }
  }

  #say(id: string, text: (step: BoardStep) => string): void {
    const step = this.#board.step(id);
    if (step !== undefined) this.#line(`[${step.stage}] ${step.title} … ${text(step)}`);
  }

  #line(text: string): void {
    this.write(`${text}\n`);
  }

  #stop(): void {
    this.#stopTicker?.();
    this.#stopTicker = undefined;
    this.#spokenAt.clear();
    this.#lastKind.clear();
  }
}
