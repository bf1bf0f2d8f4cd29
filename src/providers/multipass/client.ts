import type { CommandError } from '../../exec/checked.js';
import type { Command, CommandResult, ExecOptions, Executor } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import { logCommand, restartCommand, type Platform } from './installation.js';
import { versionArgs } from './commands.js';
import type { Deadlines } from './options.js';
import { commandError, multipassError, serviceError } from './errors.js';
import { awaitAll } from '../../util/pool.js';

export interface ClientOptions {
  readonly host: Executor;
  readonly clock: Clock;
  readonly platform: Platform;
  /** Home folder of the user: a snap cannot run in other working directories. */
  readonly home: string;
  readonly deadlines: Deadlines;
}

export interface CallOptions extends ExecOptions {
  /** Deadline in milliseconds. */
  readonly timeoutMs: number;
  readonly stdin?: string;
}

/** Only the signal: for commands whose output is data, not progress. */
export const signalOnly = ({ signal }: ExecOptions): ExecOptions => (signal === undefined ? {} : { signal });

/** Runs `multipass`, each call with a deadline, and turns failures of the daemon into errors. */
export class MultipassClient {
  readonly platform: Platform;
  /** Resolves when all commands that block the whole daemon have ended. */
  private exclusiveQueue: Promise<unknown> = Promise.resolve();
  /** Running calls with short deadlines, which they would miss while the daemon is blocked. */
  private readonly shortCalls = new Set<Promise<unknown>>();

  constructor(private readonly options: ClientOptions) {
    this.platform = options.platform;
  }

  /** The command as the host runs it. */
  command(args: readonly string[]): Command {
    return { file: 'multipass', args, cwd: this.options.home };
  }

  /**
   * Runs a command and returns its result, whatever the exit code. Throws only when the daemon did not run it
   * (MULTIPASS_MISSING, MULTIPASS_DAEMON_DOWN, …) or did not answer (MULTIPASS_WEDGED, MULTIPASS_TIMEOUT).
   */
  async call(args: readonly string[], options: CallOptions): Promise<CommandResult> {
    let seen: Promise<unknown>;
    do await (seen = this.exclusiveQueue);
    while (seen !== this.exclusiveQueue);
    const running = this.run(args, options);
    if (options.timeoutMs > this.options.deadlines.listMs) return running;
    const ended: Promise<unknown> = running.then(
      () => this.shortCalls.delete(ended),
      () => this.shortCalls.delete(ended),
    );
    this.shortCalls.add(ended);
    return running;
  }

  /** As {@link call}, but throws for every exit code other than 0. */
  async must(args: readonly string[], options: CallOptions): Promise<CommandResult> {
    return this.succeed(args, await this.call(args, options));
  }

  /**
   * As {@link call}, for commands that block the whole daemon: they run one after the other, each waits until the short
   * calls have ended, and all new calls wait for them.
   */
  exclusively(args: readonly string[], options: CallOptions): Promise<CommandResult> {
    const running = awaitAll([this.exclusiveQueue, ...this.shortCalls]).then(() => this.run(args, options));
    this.exclusiveQueue = running.catch(() => undefined);
    return running;
  }

  /** Returns the result if the command succeeded; otherwise throws its error. */
  succeed(args: readonly string[], result: CommandResult): CommandResult {
    if (result.exitCode === 0) return result;
    throw commandError(this.command(args), result, this.platform);
  }

  /** The error for a command that missed its deadline. Asks for the version to see whether the daemon still answers. */
  async overdue(command: Command, result: CommandResult): Promise<CommandError> {
    const { host, deadlines, platform } = this.options;
    const probe = await host.exec(this.command(versionArgs), { timeoutMs: deadlines.probeMs });
    if (!probe.timedOut)
      return multipassError('MULTIPASS_TIMEOUT', command, result, {
        what: `\`multipass ${command.args[0] ?? ''}\``,
        hint: `The service itself answers. See the machines (multipass list) and its log: ${logCommand(platform)}\nThen run \`kglab up\` again.`,
      });
    return multipassError('MULTIPASS_WEDGED', command, result, {
      what: `The multipass service hangs: \`multipass version\` does not answer, and \`multipass ${command.args[0] ?? ''}\``,
      hint: `If another user runs a long command (stop, snapshot), wait for it. Otherwise restart the service, then continue:\n${restartCommand(platform)}\nkglab up`,
    });
  }

  private async run(args: readonly string[], { stdin, ...options }: CallOptions): Promise<CommandResult> {
    const { host, clock, platform, deadlines } = this.options;
    const command = { ...this.command(args), ...(stdin !== undefined && { stdin }) };
    const end = clock.now() + deadlines.serviceMs;
    for (;;) {
      const result = await host.exec(command, options);
      if (result.timedOut) throw await this.overdue(command, result);
      const trouble = serviceError(command, result, platform);
      if (trouble === undefined) return result;
      // A service that restarts (snaps refresh automatically) is back within seconds.
      if (trouble.code !== 'MULTIPASS_DAEMON_DOWN' || clock.now() >= end) throw trouble;
      await clock.sleep(deadlines.everyMs, options.signal);
    }
  }
}
