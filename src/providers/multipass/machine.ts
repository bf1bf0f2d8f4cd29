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

/** Exit codes of a command that hit its time limit: timeout(1), or its SIGKILL. */
const TIMED_OUT = new Set([124, 137]);

const assignments = (env: Command['env']): readonly string[] =>
  Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);

/** The command line that runs a command as root in the machine, for at most `limitSeconds` (0 = no limit). */
export const wrapped = ({ file, args, env }: Command, limitSeconds: number): readonly string[] => [
  ...['sudo', '-n', '-H', '--', 'sh', '-c', WRAPPER, 'kglab', String(limitSeconds)],
  ...[...assignments(env), '--', file, ...args],
];

/** Throws BUG: every user can read command lines, in the machine and on the host. */
const assertNoSecret = ({ args, env = {}, secrets = [] }: Command): void => {
  const words = [...args, ...Object.values(env)];
  if (secrets.every((secret) => secret === '' || !words.some((word) => word.includes(secret)))) return;
  throw new CliError('BUG', 'A secret was about to be put on a command line.');
};

export interface MachineDeps {
  readonly host: Executor;
  readonly client: MultipassClient;
  readonly deadlines: Deadlines;
  /** Throws MACHINE_UNREACHABLE unless the instance runs: `multipass exec` would start it. */
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

  /** For a person's terminal: multipass allocates one in the machine when it runs in one itself. */
  async hostCommand(command: Command): Promise<Command> {
    assertNoSecret(command);
    const { client, assertRunning } = this.deps;
    await assertRunning(this.name);
    const words = ['sudo', '-n', '-H', '--', 'env', ...assignments(command.env)];
    return client.command(execArgs(this.name, [...words, command.file, ...command.args]));
  }

  /** The error for a command of unknown result: the connection failed or broke. */
  private async lost(command: Command, result: CommandResult): Promise<Error> {
    const { client } = this.deps;
    if (!result.timedOut) return commandError(command, result, client.platform, 'MACHINE_UNREACHABLE');
    const error = await client.overdue(command, result);
    if (error.code === 'MULTIPASS_WEDGED') return error;
    return new CliError('MACHINE_UNREACHABLE', `Machine ${this.name} does not answer: ${error.message}.`, {
      cause: error,
      // Not `multipass restart`: it uses the same connection.
      hint: `The connection hangs; the machine may be out of memory or off. Cut its power, then continue:\nmultipass stop --force ${this.name}\nkglab up\nWith multipass older than 1.14, restart the service instead: ${restartCommand(client.platform)}`,
    });
  }
}
