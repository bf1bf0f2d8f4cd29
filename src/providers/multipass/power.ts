import { CliError } from '../../errors/cli-error.js';
import { cmd, type CommandResult, type ExecOptions } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import { waitFor } from '../../util/wait.js';
import type { Machine } from '../../machines/provider.js';
import { logCommand } from './installation.js';
import { signalOnly, type MultipassClient } from './client.js';
import { CLIENT_TIMEOUT, recoverArgs, startArgs, stopArgs } from './commands.js';
import type { Deadlines } from './options.js';
import { commandError } from './errors.js';
import type { MultipassFeatures } from './features.js';
import type { Instance } from './parse.js';

export interface PowerDeps {
  readonly client: MultipassClient;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly driverFeatures: () => Promise<MultipassFeatures>;
  readonly machine: (name: string) => Machine;
  readonly findInstance: (name: string, options: ExecOptions) => Promise<Instance | undefined>;
}

/** States that change without a command. */
const TRANSIENT = new Set(['Starting', 'Restarting', 'Suspending']);
const OFF = new Set(['Stopped', 'Suspended', 'Deleted']);

/** Starts and stops instances, whatever state they are in. */
export class Power {
  constructor(private readonly deps: PowerDeps) {}

  /** Starts the instance, whatever state it is in. Throws MACHINE_NOT_BOOTED when its SSH does not answer. */
  async start(name: string, options: ExecOptions): Promise<void> {
    if (await this.bringUp(name, options)) return;
    throw new CliError('MACHINE_NOT_BOOTED', `Machine ${name} runs, but does not answer over SSH.`, {
      hint: `See its state (multipass info ${name}) and the log: ${logCommand(this.deps.client.platform)}\nIf you do not need the data of the whole lab: kglab down && kglab up`,
    });
  }

  /**
   * Starts the instance; recovers a soft-deleted one, and cuts the power of one in an unknown state first. Returns
   * false when it came up without SSH twice. Throws MACHINE_UNREACHABLE when it cannot be started.
   */
  async bringUp(name: string, options: ExecOptions): Promise<boolean> {
    const state = await this.settled(name, options);
    if (state === undefined)
      throw new CliError('MACHINE_UNREACHABLE', `There is no machine ${name}.`, {
        hint: 'Create it: kglab up',
      });
    if (state === 'Running') return true;
    if (state === 'Unavailable') throw unavailable(name);
    if (state === 'Deleted') await this.recover(name, options);
    if (state === 'Unknown' || TRANSIENT.has(state)) await this.cut(name, options);
    if (await this.tryStart(name, options)) return true;
    options.onLine?.(`${name} does not answer; switching it off and on again`);
    await this.cut(name, options);
    return this.tryStart(name, options);
  }

  /** Shuts the instance down, or cuts its power with `force`. Throws MULTIPASS_FAILED when it still runs. */
  async stop(
    name: string,
    { force = false, ...options }: ExecOptions & { readonly force?: boolean },
  ): Promise<void> {
    const state = (await this.deps.findInstance(name, options))?.state;
    if (state === undefined || OFF.has(state)) return;
    if (force) await this.cut(name, options);
    else await this.stopBy(stopArgs(name, false), options);
    // Before 1.14, a failed stop could exit with 0.
    if (await this.until(options, this.deps.deadlines.addressMs, () => this.isOff(name, options))) return;
    throw new CliError('MULTIPASS_FAILED', `Machine ${name} still runs after it was stopped.`, {
      hint: 'Cut its power instead: kglab stop --force',
    });
  }

  /** Waits until `check` is true; false when time is up. */
  async until(options: ExecOptions, timeoutMs: number, check: () => Promise<boolean>): Promise<boolean> {
    const { clock, deadlines } = this.deps;
    const every = { timeoutMs, everyMs: deadlines.everyMs, signal: options.signal };
    return (await waitFor(async () => ((await check()) ? true : undefined), { clock, ...every })) ?? false;
  }

  private async isOff(name: string, options: ExecOptions): Promise<boolean> {
    const state = (await this.deps.findInstance(name, options))?.state;
    return state === undefined || OFF.has(state);
  }

  /** Waits while the state is transient, and returns the state then. */
  private async settled(name: string, options: ExecOptions): Promise<string | undefined> {
    let state: string | undefined;
    await this.until(options, this.deps.deadlines.startMs, async () => {
      state = (await this.deps.findInstance(name, options))?.state;
      return state === undefined || !TRANSIENT.has(state);
    });
    return state;
  }

  /** Starts the instance. Returns false when it came up without SSH. */
  private async tryStart(name: string, options: ExecOptions): Promise<boolean> {
    const { client, deadlines } = this.deps;
    const args = startArgs(name, Math.ceil(deadlines.startMs / 1000));
    const timeoutMs = deadlines.startMs + deadlines.graceMs;
    const result = await this.ended(client.call(args, { ...signalOnly(options), timeoutMs }));
    if (result?.exitCode === 0) return true;
    const late =
      result === undefined || result.exitCode === CLIENT_TIMEOUT || /timed out waiting/.test(result.stderr);
    if (!late) throw commandError(client.command(args), result, client.platform, 'MACHINE_NOT_BOOTED');
    // Only the client gave up; the daemon continues.
    return (await this.settled(name, options)) === 'Running';
  }

  private async ended(call: Promise<CommandResult>): Promise<CommandResult | undefined> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof CliError && error.code === 'MULTIPASS_TIMEOUT') return undefined;
      throw error;
    }
  }

  private async cut(name: string, options: ExecOptions): Promise<void> {
    if ((await this.deps.driverFeatures()).forceStop) return this.stopBy(stopArgs(name, true), options);
    if ((await this.deps.findInstance(name, options))?.state === 'Running')
      await this.cutFromInside(name, options);
    await this.stopBy(stopArgs(name, false), options);
  }

  /** Before 1.14 power can only be cut inside the machine: forced twice, it stops no service and syncs nothing. */
  private async cutFromInside(name: string, options: ExecOptions): Promise<void> {
    try {
      await this.deps.machine(name).exec(cmd('systemctl', 'poweroff', '--force', '--force'), {
        ...signalOnly(options),
        timeoutMs: this.deps.deadlines.probeMs,
      });
    } catch (error) {
      // The connection breaks with the machine.
      if (!(error instanceof CliError) || error.code !== 'MACHINE_UNREACHABLE') throw error;
    }
    await this.until(options, this.deps.deadlines.addressMs, () => this.isOff(name, options));
  }

  private async stopBy(args: readonly string[], options: ExecOptions): Promise<void> {
    const { client, deadlines } = this.deps;
    const result = await client.exclusively(args, { ...signalOnly(options), timeoutMs: deadlines.stopMs });
    client.succeed(args, result);
  }

  private async recover(name: string, options: ExecOptions): Promise<void> {
    options.onLine?.(`${name} is deleted but not purged: recovering it`);
    const { client, deadlines } = this.deps;
    await client.must(recoverArgs(name), { ...signalOnly(options), timeoutMs: deadlines.stopMs });
  }
}

const unavailable = (name: string): CliError =>
  new CliError('MACHINE_UNREACHABLE', `Machine ${name} is in a disabled availability zone.`, {
    hint: 'Enable the zone in multipass, then: kglab up',
  });
