import { systemClock, type Clock } from '../util/clock.js';
import type { Command, CommandResult, Executor } from './command.js';

/** A command with its result, or with the `error` that `exec` threw. */
export interface LoggedCommand {
  /** Name of the machine, or `host`. */
  readonly where: string;
  readonly command: Command;
  readonly durationMs: number;
  readonly result?: CommandResult;
  readonly error?: unknown;
}

/** Logs commands. It must blank their secrets. */
export interface CommandLog {
  command(entry: LoggedCommand): void;
}

/** Writes to the log; an error of the log must not hide the result of the command. */
const tell = (log: CommandLog, entry: LoggedCommand): void => {
  try {
    log.command(entry);
  } catch {
    // The log keeps its own first error.
  }
};

/** Behaves like `inner`, and logs every command after it ended. */
export const loggedExecutor = (
  inner: Executor,
  log: CommandLog,
  where: string,
  clock: Clock = systemClock,
): Executor => ({
  exec: async (command, options) => {
    const startedAt = clock.now();
    try {
      const result = await inner.exec(command, options);
      tell(log, { where, command, durationMs: result.durationMs, result });
      return result;
    } catch (error) {
      tell(log, { where, command, durationMs: clock.now() - startedAt, error });
      throw error;
    }
  },
});
