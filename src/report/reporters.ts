import { type Reporter, type RunEvent, unfailing } from '../engine/events.js';
import { type Clock, systemClock } from '../util/clock.js';
import { LineReporter } from './line-reporter.js';

/** Writes each event as a line of JSON, for programs. */
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

/** Passes events to several reporters. One that throws affects neither the others nor the run. */
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

  /** The first error of a reporter. */
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

export const PROGRESS_MODES = ['auto', 'list', 'lines', 'json'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface ReporterChoice {
  readonly mode: ProgressMode;
  /** Whether `stream` is a terminal. */
  readonly isTty: boolean;
  /** Where progress goes: standard error. */
  readonly stream: NodeJS.WriteStream;
  /** Writes lines and events; `stream.write` without it. */
  readonly write?: (text: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Blanks secrets in the JSON events. */
  readonly redact?: (text: string) => string;
}

/** Resolves `auto`: a live list needs a terminal with cursor control; CI logs get lines. */
export const settleMode = ({
  mode,
  isTty,
  env = {},
}: Omit<ReporterChoice, 'stream'>): Exclude<ProgressMode, 'auto'> => {
  if (mode !== 'auto') return mode;
  return isTty && env['TERM'] !== 'dumb' && !env['CI'] ? 'list' : 'lines';
};

/** The reporter for a mode. Imports the live list only if needed: its library is slow to load. */
export const chooseReporter = async (choice: ReporterChoice): Promise<Reporter> => {
  const { stream, clock = systemClock, redact } = choice;
  const { write = (text: string): void => void stream.write(text) } = choice;
  switch (settleMode(choice)) {
    case 'json':
      return new JsonReporter(write, redact);
    case 'lines':
      return new LineReporter(write, clock);
    case 'list': {
      const { ListrReporter } = await import('./listr-reporter.js');
      return new ListrReporter(stream, clock);
    }
  }
};
