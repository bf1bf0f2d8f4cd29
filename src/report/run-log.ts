import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, RunEvent } from '../engine/events.js';
import { pretty, redact as blank } from '../exec/command.js';
import type { CommandLog, LoggedCommand } from '../exec/logged-executor.js';
import { systemClock, type Clock } from '../util/clock.js';
import { formatDuration } from './timing.js';

export interface RunLogOptions {
  /** Folder of the logs; created with mode 0700 if missing. */
  readonly directory: string;
  /** Part of the file name, e.g. `up-demo`. */
  readonly name: string;
  /** Blanks secrets that the commands do not declare. */
  readonly redact?: (text: string) => string;
  readonly clock?: Clock;
}

/** Characters kept of each stream of a command, from its end: that explains a failure. */
const OUTPUT_LIMIT = 64 * 1024;

/**
 * The debug log of a run: every event, and every command with its output. Only its owner can read it. Writing never
 * throws, so a full disk does not end the run; it continues when there is space again.
 */
export class RunLog implements Reporter, CommandLog {
  #file: number | undefined;
  #failure: unknown;

  constructor(
    readonly path: string,
    file: number,
    readonly redact: (text: string) => string,
    readonly clock: Clock,
  ) {
    this.#file = file;
  }

  /** The first error; undefined when the log is complete. */
  get failure(): unknown {
    return this.#failure;
  }

  emit(event: RunEvent): void {
    this.note(describe(event));
  }

  command({ where, command, durationMs, result, error }: LoggedCommand): void {
    const ended = result === undefined ? `did not run: ${String(error)}` : `exit ${result.exitCode}`;
    const how = [
      ended,
      ...(result?.signal === undefined ? [] : [result.signal]),
      ...(result?.timedOut ? ['timed out'] : []),
      formatDuration(durationMs),
    ].join(', ');
    const streams =
      result === undefined || command.private
        ? []
        : [...indent('1', result.stdout), ...indent('2', result.stderr)];
    // Redact the whole entry: an error message may quote the command line.
    const text = [`[${where}] $ ${pretty(command)}`, `  → ${how}`, ...streams].join('\n');
    this.note(blank(text, command.secrets));
  }

  /** Writes a line, e.g. the error that ended the run. */
  note(text: string): void {
    const file = this.#file;
    if (file === undefined) return;
    const time = new Date(this.clock.now()).toISOString();
    // Synchronous, so that the last line before a crash is written.
    this.#try(() => writeFileSync(file, `${time} ${this.redact(stripVTControlCharacters(text))}\n`));
  }

  /** Closes the file; later entries are dropped. */
  close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) this.#try(() => closeSync(file));
    return Promise.resolve();
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failure ??= error;
    }
  }
}

/** Starts the log of a run, in a new file of mode 0600. */
export const openRunLog = (options: RunLogOptions): RunLog => {
  const { directory, name, redact = (text) => text, clock = systemClock } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const time = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  const path = join(directory, `${time}-${name}-${process.pid}.log`);
  // Exclusive: does not follow a link that somebody put there.
  return new RunLog(path, openSync(path, 'ax', 0o600), redact, clock);
};

const indent = (stream: string, output: string): string[] =>
  output
    .slice(-OUTPUT_LIMIT)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `  ${stream}| ${line.trimEnd()}`);

const describe = (event: RunEvent): string => {
  if (event.type !== 'run.started') {
    const { type, at: _at, ...rest } = event;
    return `${type} ${JSON.stringify(rest)}`;
  }
  // Only ids: step inputs contain whole cloud-init files.
  const ids = event.plan.steps.map(({ id }) => id).join(' ');
  return `run.started lab=${event.plan.lab} steps: ${ids}`;
};
