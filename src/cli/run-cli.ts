import { setMaxListeners, type EventEmitter } from 'node:events';
import { CommanderError } from 'commander';
import { CATALOG } from '../errors/catalog.js';
import { buildProgram } from './program.js';
import type { Session } from './support/session.js';

/** Has signals abort the session; returns how to end that. */
export const watchSignals = (session: Session, source: EventEmitter = process): (() => void) => {
  const { abort } = session;
  const stop = (signal: NodeJS.Signals): void => {
    if (session.attached) return;
    // A second Ctrl-C means it: what is running is left as a crash would leave it, which `up` can continue from.
    if (abort.signal.aborted) process.exit(CATALOG.INTERRUPTED.exit);
    process.stderr.write(`\n${signal}: letting running steps end; once more to leave at once\n`);
    abort.abort(new DOMException('Interrupted', 'AbortError'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) source.on(signal, stop);
  return () => {
    for (const signal of signals) source.off(signal, stop);
  };
};

/** Runs one command line (without `node` and the script) and returns the exit code of the process. */
export const runCli = async (argv: readonly string[]): Promise<number> => {
  const session: Session = { abort: new AbortController(), verbose: false, exitCode: 0 };
  // Everything that runs listens to it; with a dozen steps under way Node.js would take that for a leak.
  setMaxListeners(0, session.abort.signal);
  const unwatch = watchSignals(session);
  try {
    await buildProgram(session).parseAsync([...argv], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CATALOG.USAGE.exit;
    const { showError, wantsColour } = await import('./support/show-error.js');
    const { log, verbose } = session;
    log?.note(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return showError(error, {
      write: (text) => void process.stderr.write(text),
      colour: wantsColour(process.stderr.isTTY, process.env),
      verbose,
      logPath: log?.path,
    });
  } finally {
    unwatch();
    await session.log?.close();
  }
};
