import { setMaxListeners, type EventEmitter } from 'node:events';
import { CommanderError } from 'commander';
import { CATALOG } from '../errors/catalog.js';
import { CliError } from '../errors/cli-error.js';
import { buildProgram } from './program.js';
import type { Session } from './support/session.js';
import { stderr, stdout } from './support/streams.js';

/** Makes signals abort the session; returns a function that undoes this. */
export const watchSignals = (session: Session, source: EventEmitter = process): (() => void) => {
  const { abort } = session;
  const stop = (signal: NodeJS.Signals): void => {
    if (session.attached) return;
    // The second Ctrl-C ends at once, like a crash; `up` continues from there.
    if (abort.signal.aborted) process.exit(CATALOG.INTERRUPTED.exit);
    stderr.write(`\n${signal}: waiting for running steps; press again to quit at once\n`);
    abort.abort(new DOMException('Interrupted', 'AbortError'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) source.on(signal, stop);
  return () => {
    for (const signal of signals) source.off(signal, stop);
  };
};

/** Shows an error on stderr and returns its exit code. */
const show = async (error: unknown, { log, verbose }: Session): Promise<number> => {
  const { showError, wantsColour } = await import('./support/show-error.js');
  return showError(error, {
    write: (text) => stderr.write(text),
    colour: wantsColour(process.stderr.isTTY, process.env),
    verbose,
    logPath: log?.path,
  });
};

const perform = async (argv: readonly string[], session: Session): Promise<number> => {
  try {
    // Closing twice is harmless: commands that draw after their run have closed it before.
    await buildProgram(session)
      .parseAsync([...argv], { from: 'user' })
      .finally(() => session.report?.close());
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CATALOG.USAGE.exit;
    session.log?.note(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return show(error, session);
  }
};

/**
 * The exit code when the result could not be written: the command's own if it failed, else 141 if the reader closed the
 * pipe (like a program ended by SIGPIPE), else that of OUTPUT_FAILED, which is shown.
 */
const codeOfLoss = async (loss: NodeJS.ErrnoException, code: number, session: Session): Promise<number> => {
  if (loss.code === 'EPIPE') return code || CATALOG.OUTPUT_CLOSED.exit;
  const error = new CliError(
    'OUTPUT_FAILED',
    `The result could not be written to standard output: ${loss.message}`,
    {
      cause: loss,
    },
  );
  const shown = await show(error, session);
  return code || shown;
};

/** Warns that the log or progress output is incomplete; the run itself went on. */
const sayGap = (what: string, failure: unknown): void => {
  if (failure === undefined) return;
  const why = failure instanceof Error ? failure.message : JSON.stringify(failure);
  stderr.write(`the ${what} of this run is incomplete: ${why}\n`);
};

/** Runs one command line (without `node` and the script) and returns the exit code of the process. */
export const runCli = async (argv: readonly string[]): Promise<number> => {
  const session: Session = { abort: new AbortController(), verbose: false, exitCode: 0 };
  // Every running step listens to it; Node.js would warn of a leak at eleven listeners.
  setMaxListeners(0, session.abort.signal);
  const unwatch = watchSignals(session);
  const code = await perform(argv, session).finally(unwatch);
  await session.log?.close();
  sayGap('log', session.log?.failure);
  sayGap('progress output', session.report?.failure);
  await stdout.flush();
  const exitCode = stdout.failure === undefined ? code : await codeOfLoss(stdout.failure, code, session);
  await stderr.flush();
  return exitCode;
};
