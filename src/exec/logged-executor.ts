import { systemClock, type Clock } from '../util/clock.js';
import type { Command, CommandResult, Executor } from './command.js';

/** One command that was run, or could not be: then `error` stands in for the result. */
export interface LoggedCommand {
  /** Name of the machine, or `host`. */
  readonly where: string;
  readonly command: Command;
  readonly durationMs: number;
  readonly result?: CommandResult;
  readonly error?: unknown;
}

/** Whoever keeps a record of commands; it is theirs to blank the secrets, and to tell when the record is incomplete. */
export interface CommandLog {
  command(entry: LoggedCommand): void;
}

/** Tells the log; a command that has run has its result, whatever becomes of the record. */
const tell = (log: CommandLog, entry: LoggedCommand): void => {
  try {
    log.command(entry);
  } catch {
    // The log itself knows.
  }
};

/** An executor that tells `log` of every command after it ended, and otherwise behaves like `inner`. */
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
