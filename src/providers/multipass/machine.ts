import { CliError } from '../../errors/cli-error.js';
import type { Command, CommandResult, ExecOptions, Executor } from '../../exec/command.js';
import type { Machine } from '../../machines/provider.js';
import { restartCommand } from './installation.js';
import type { MultipassClient } from './client.js';
import { execArgs } from './commands.js';
import type { Deadlines } from './options.js';
import { commandError } from './errors.js';
import { innerLines, unwrap, WRAPPER } from './sentinel.js';

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin',
  HOME: '/root',
  LC_ALL: 'C',
};

/** What a time limit in the machine ends a command with: timeout(1), or its SIGKILL. */
const TIMED_OUT = new Set([124, 137]);

const assignments = (env: Command['env']): readonly string[] =>
  Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);

/** The words that run a command as root in the machine, ended after that many seconds (0 = never). */
export const wrapped = ({ file, args, env }: Command, limitSeconds: number): readonly string[] => [
  ...['sudo', '-n', '-H', '--', 'sh', '-c', WRAPPER, 'kglab', String(limitSeconds)],
  ...[...assignments(env), '--', file, ...args],
];

/** Command lines are for everybody to read, in the machine as on the host. */
const assertNoSecret = ({ args, env = {}, secrets = [] }: Command): void => {
  const words = [...args, ...Object.values(env)];
  if (secrets.every((secret) => secret === '' || !words.some((word) => word.includes(secret)))) return;
  throw new CliError('BUG', 'A secret was about to be put on a command line.');
};

export interface MachineDeps {
  readonly host: Executor;
  readonly client: MultipassClient;
  readonly deadlines: Deadlines;
  /** Throws MACHINE_UNREACHABLE unless the instance runs: multipass would silently start it. */
  readonly assertRunning: (name: string, options?: ExecOptions) => Promise<void>;
}

/** An instance's root shell, as an executor. */
export class MultipassMachine implements Machine {
  constructor(
    readonly name: string,
    private readonly deps: MachineDeps,
  ) {}

  async exec(command: Command, options: ExecOptions = {}): Promise<CommandResult> {
    assertNoSecret(command);
    const { host, client, deadlines, assertRunning } = this.deps;
    await assertRunning(this.name, options);
    const { timeoutMs = deadlines.execMs, onLine, ...rest } = options;
    const outer: Command = {
      ...command,
      ...client.command(execArgs(this.name, wrapped(command, timeoutMs / 1000))),
      env: {},
      pipeStdin: true,
    };
    const result = await host.exec(outer, {
      ...rest,
      timeoutMs: timeoutMs + deadlines.graceMs,
      ...(onLine && { onLine: innerLines(onLine) }),
    });
    const inner = unwrap(result.stdout);
    if (inner === undefined) throw await this.lost(outer, result);
    const timedOut = TIMED_OUT.has(inner.exitCode) && result.durationMs >= timeoutMs;
    return {
      ...inner,
      stderr: result.stderr,
      durationMs: result.durationMs,
      ...(timedOut && { timedOut }),
    };
  }

  /** A person's own terminal: multipass asks for a terminal in the machine when it has one itself. */
  async hostCommand(command: Command): Promise<Command> {
    assertNoSecret(command);
    const { client, assertRunning } = this.deps;
    await assertRunning(this.name);
    const words = ['sudo', '-n', '-H', '--', 'env', ...assignments(command.env)];
    return client.command(execArgs(this.name, [...words, command.file, ...command.args]));
  }

  /** The command's end is not known: the connection failed or broke. */
  private async lost(command: Command, result: CommandResult): Promise<Error> {
    const { client } = this.deps;
    if (!result.timedOut) return commandError(command, result, client.platform, 'MACHINE_UNREACHABLE');
    const error = await client.overdue(command, result);
    if (error.code === 'MULTIPASS_WEDGED') return error;
    return new CliError('MACHINE_UNREACHABLE', `Machine ${this.name} gives no answer: ${error.message}.`, {
      cause: error,
      // `multipass restart` would go through that very connection.
      hint: `Its connection hangs, which a machine out of memory or switched off does. Cut its power, then go on:\nmultipass stop --force ${this.name}\nkglab up\nBefore multipass 1.14, restart the service instead: ${restartCommand(client.platform)}`,
    });
  }
}
