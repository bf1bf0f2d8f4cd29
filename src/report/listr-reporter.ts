import {
  DefaultRenderer,
  Listr,
  ListrLogger,
  ProcessOutput,
  type ListrTask,
  type ListrTaskWrapper,
} from 'listr2';
import type { Reporter, RunEvent } from '../engine/events.js';
import { systemClock, type Clock } from '../util/clock.js';
import { RunBoard, type BoardStep } from './run-board.js';
import { stageLabel, stepLabel, summarySentence } from './run-labels.js';
import { startTicker } from './timing.js';

/** listr2 checks stdout before it draws; kglab draws on stderr, which the caller has checked. */
class StderrRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

type Task = ListrTaskWrapper<unknown, typeof StderrRenderer, typeof StderrRenderer>;

/** A step in the list. listr2 waits for `settled`, which the last event of the step resolves, even before listr2 waits. */
interface Entry {
  readonly step: BoardStep;
  readonly settled: Promise<void>;
  readonly settle: () => void;
  task?: Task;
}

/** A live list of stages with the steps of the running stage. It only draws; the engine runs the steps. */
export class ListrReporter implements Reporter {
  readonly #board = new RunBoard();
  readonly #entries = new Map<string, Entry>();
  readonly #stages = new Map<string, Task>();
  #drawing: Promise<unknown> = Promise.resolve();
  #stopTicker: (() => void) | undefined;
  #summary: string | undefined;

  constructor(
    readonly stream: NodeJS.WriteStream,
    readonly clock: Clock = systemClock,
  ) {}

  emit(event: RunEvent): void {
    this.#board.apply(event);
    if (event.type === 'run.started') return this.#start();
    if (event.type === 'run.finished') {
      this.#summary = summarySentence(this.#board, event);
      return this.#finish();
    }
    const entry = this.#entries.get(event.id);
    if (entry === undefined) return;
    if (event.type === 'step.line' && entry.task && entry.step.lastLine)
      entry.task.output = entry.step.lastLine;
    if (event.type !== 'step.line') this.#label(entry);
    if (event.type === 'step.finished') entry.settle();
  }

  async close(): Promise<void> {
    this.#finish();
    await this.#drawing;
    if (this.#summary !== undefined) this.stream.write(`${this.#summary}\n`);
    this.#summary = undefined;
  }

  #start(): void {
    for (const step of this.#board.steps) this.#entries.set(step.id, newEntry(step));
    const stages = [...new Set(this.#board.steps.map(({ stage }) => stage))];
    const logger = new ListrLogger({
      useIcons: true,
      processOutput: new ProcessOutput(this.stream, this.stream),
    });
    const list = new Listr(
      stages.map((stage) => this.#stageTask(stage)),
      {
        renderer: StderrRenderer,
        // Titles contain outcome and reason; listr2 itself would replace the title by the reason.
        rendererOptions: {
          logger,
          showErrorMessage: false,
          showSkipMessage: false,
          formatOutput: 'truncate',
        },
        exitOnError: false,
        // src/cli handles Ctrl-C: it lets running steps end first.
        registerSignalListeners: false,
      },
    );
    this.#drawing = list.run().catch(() => undefined);
    this.#stopTicker = startTicker(this.clock, 1_000, () => this.#refresh());
  }

  #stageTask(stage: string): ListrTask<unknown, typeof StderrRenderer> {
    const entries = [...this.#entries.values()].filter(({ step }) => step.stage === stage);
    return {
      title: stage,
      task: (_context, task) => {
        this.#stages.set(stage, task);
        return task.newListr(
          entries.map((entry) => this.#stepTask(entry)),
          { concurrent: true, exitOnError: false },
        );
      },
    };
  }

  #stepTask(entry: Entry): ListrTask<unknown, typeof StderrRenderer> {
    return {
      title: stepLabel(entry.step, this.clock.now(), this.#board.reason(entry.step)),
      task: async (_context, task) => {
        entry.task = task;
        this.#label(entry);
        if (entry.step.lastLine) task.output = entry.step.lastLine;
        await entry.settled;
        this.#label(entry);
        this.#labelStage(entry.step.stage);
        if (entry.step.outcome === 'failed') throw new Error(entry.step.because ?? entry.step.title);
        if (entry.step.outcome === 'skipped' || entry.step.state !== 'finished') task.skip();
      },
    };
  }

  #label({ step, task }: Entry): void {
    if (task) task.title = stepLabel(step, this.clock.now(), this.#board.reason(step));
  }

  #labelStage(stage: string): void {
    const task = this.#stages.get(stage);
    if (task) task.title = stageLabel(stage, this.#board.steps);
  }

  #refresh(): void {
    for (const entry of this.#entries.values()) if (entry.step.state === 'running') this.#label(entry);
  }

  #finish(): void {
    this.#stopTicker?.();
    this.#stopTicker = undefined;
    for (const entry of this.#entries.values()) entry.settle();
  }
}

const newEntry = (step: BoardStep): Entry => {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { step, settled, settle: () => settle() };
};
