import type { Reporter } from '../engine/events.js';
import { systemClock, type Clock } from '../util/clock.js';
import { JsonReporter } from './json-reporter.js';
import { LineReporter } from './line-reporter.js';

export const PROGRESS_MODES = ['auto', 'list', 'lines', 'json'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface ReporterChoice {
  readonly mode: ProgressMode;
  /** Whether `stream` is a terminal. */
  readonly isTty: boolean;
  /** Where progress goes: standard error. */
  readonly stream: NodeJS.WriteStream;
  /** Writes lines and events there; without it, `stream` itself does. */
  readonly write?: (text: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Blanks secrets in the JSON events. */
  readonly redact?: (text: string) => string;
}

/** What `auto` means here: a live list needs a terminal that can move its cursor; CI logs are read later. */
export const settleMode = ({
  mode,
  isTty,
  env = {},
}: Omit<ReporterChoice, 'stream'>): Exclude<ProgressMode, 'auto'> => {
  if (mode !== 'auto') return mode;
  return isTty && env['TERM'] !== 'dumb' && !env['CI'] ? 'list' : 'lines';
};

/** The reporter for a mode. The live list is loaded only when it is drawn: its library is the slowest to start. */
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
