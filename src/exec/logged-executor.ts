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

/** Whoever keeps a record of commands; it is theirs to blank the secrets. */
export interface CommandLog {
  command(entry: LoggedCommand): void;
}

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
      log.command({ where, command, durationMs: result.durationMs, result });
      return result;
    } catch (error) {
      log.command({ where, command, durationMs: clock.now() - startedAt, error });
      throw error;
    }
  },
});
