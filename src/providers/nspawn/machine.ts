import { CliError } from '../../errors/cli-error.js';
import type { Command, CommandResult, ExecOptions, Executor } from '../../exec/command.js';
import { isAlive, type ProcessRef } from '../../exec/host-process.js';
import type { Machine } from '../../machines/provider.js';

/** Time between SIGTERM and SIGKILL for a command in a machine, in seconds. */
const GRACE_S = 3;

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C',
};

const namespacesOf = (init: number): readonly string[] => [
  ...['-t', String(init), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w', '--'],
];

/**
 * The command as the host runs it, inside all namespaces of the machine. When nsenter is killed (deadline, abort), the
 * kernel signals `timeout` because of setpriv, and `timeout` ends the command's process group. Start daemons with
 * systemctl: those of a command would be outside the machine's control group.
 */
export const enter = (init: number, command: Command): Command => ({
  ...command,
  file: 'nsenter',
  args: [
    ...namespacesOf(init),
    ...['setpriv', '--pdeathsig', 'TERM', '--', 'timeout', '-k', String(GRACE_S), '0'],
    ...[command.file, ...command.args],
  ],
  env: { ...ENVIRONMENT, ...command.env },
  cleanEnv: true,
});

/** A running machine's root shell, as an executor. */
export class NspawnMachine implements Machine {
  private init: ProcessRef | undefined;

  constructor(
    readonly name: string,
    private readonly host: Executor,
    private readonly findInit: () => Promise<ProcessRef | undefined>,
  ) {}

  async exec(command: Command, options?: ExecOptions): Promise<CommandResult> {
    const init = await this.liveInit();
    const result = await this.host.exec(enter(init.pid, command), options);
    if (result.exitCode !== 0 && !result.timedOut && !(await isAlive(init))) throw this.unreachable();
    return result;
  }

  /** For a person's terminal: without `timeout`, whose process group would not be in the foreground. */
  async hostCommand({ file, args, env }: Command): Promise<Command> {
    const { pid } = await this.liveInit();
    return {
      file: 'nsenter',
      args: [...namespacesOf(pid), file, ...args],
      env: { ...ENVIRONMENT, ...env },
      cleanEnv: true,
    };
  }

  private async liveInit(): Promise<ProcessRef> {
    if (this.init !== undefined && (await isAlive(this.init))) return this.init;
    this.init = await this.findInit();
    if (this.init === undefined) throw this.unreachable();
    return this.init;
  }

  private unreachable(): CliError {
    return new CliError('MACHINE_UNREACHABLE', `Machine ${this.name} does not run.`, {
      hint: 'Start the lab: kglab start',
    });
  }
}
