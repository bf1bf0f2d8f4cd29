import { CliError } from '../errors/cli-error.js';
import type { Command, CommandResult, ExecOptions } from '../exec/command.js';
import type { Clock } from '../util/clock.js';
import type {
  Abilities,
  Foundation,
  LabRef,
  Machine,
  MachineInfo,
  MachineProvider,
  MachineSpec,
  Trace,
} from '../machines/provider.js';
import { syncCluster } from './jobs/controllers.js';
import { KUBELET_JOBS } from './kube/pods.js';
import {
  CrashError,
  type Budget,
  type FaultPlan,
  type Operation,
  type ProgramFaults,
  type Witness,
} from './world/faults.js';
import { forgetVolumes, keepFolders, newMachine } from './world/machines.js';
import { BACKGROUND_JOBS } from './jobs/background.js';
import { KEEPER_JOBS } from './jobs/keeper.js';
import { heal } from './gluster/glusterd.js';
import { K3S_JOBS } from './jobs/k3s.js';
import { BOOT_JOBS, powerOn } from './jobs/boot.js';
import { POWER_JOBS, powerOff, SHUTDOWN_MS } from './programs/systemctl.js';
import { withFault } from './inject-fault.js';
import { execOn } from './exec-on.js';
import { Sim, type JobHandler } from './world/sim.js';
import { emptyWorld, type SimMachine, type SimWorld } from './world/world.js';
import type { WorldStore } from './world-store.js';

export interface SimulatorOptions {
  readonly lab: LabRef;
  readonly clock: Clock;
  readonly store: WorldStore;
  /** Faults to inject; for tests. */
  readonly faults?: FaultPlan;
  readonly programs?: ProgramFaults | undefined;
  readonly witness?: Witness;
}

/** How long things take, in milliseconds of virtual time. */
const TIMES = { prepare: 3_000, create: 5_000, start: 2_000, remove: 500, list: 50 } as const;

const JOBS: Readonly<Record<string, JobHandler>> = {
  ...BOOT_JOBS,
  ...POWER_JOBS,
  ...K3S_JOBS,
  ...KUBELET_JOBS,
  ...BACKGROUND_JOBS,
  ...KEEPER_JOBS,
  'gluster.heal': heal,
  'kube.sync': syncCluster,
};

/** A provider of machines that exist only as data. It needs nothing of the host; time is virtual. */
export class SimulatorProvider implements MachineProvider {
  readonly id = 'simulator';
  readonly features = {
    packagesInImage: false,
    stableAddresses: false,
  } as const;
  readonly foundation: Foundation = {
    missing: (options) => this.missing(options),
    prepare: (options) => this.prepare(options),
    remove: (options) => this.removeFoundation(options),
  };
  readonly abilities = {
    traces: () => this.traces(),
    keepFolders: (name: string, folders: readonly string[], options?: ExecOptions) =>
      this.keepFolders(name, folders, options),
  } satisfies Abilities;
  readonly clock: Clock;

  private readonly sim: Sim;
  private ahead: number | undefined;
  private operations = 0;
  private dead = false;

  constructor(private readonly options: SimulatorOptions) {
    this.clock = options.clock;
    this.sim = new Sim(
      () => this.world,
      JOBS,
      options.clock,
      () => this.ahead ?? 0,
      options.programs,
    );
  }

  private get world(): SimWorld {
    const { clock, lab, store } = this.options;
    const world = store.open(() => emptyWorld(lab, clock.now()));
    // The saved world may be ahead of the clock: continue from its time.
    this.ahead ??= Math.max(0, world.time - clock.now());
    return world;
  }

  private async missing(options: ExecOptions = {}): Promise<string | undefined> {
    await this.perform({ kind: 'list' }, options, () => undefined);
    return this.world.prepared ? undefined : 'the simulated network does not exist yet';
  }

  private prepare(options: ExecOptions = {}): Promise<void> {
    return this.perform({ kind: 'prepare' }, options, async () => {
      await this.sim.sleep(TIMES.prepare, options.signal);
      this.world.prepared = true;
    });
  }

  async list(options: ExecOptions = {}): Promise<readonly MachineInfo[]> {
    await this.perform({ kind: 'list' }, options, () => this.sim.sleep(TIMES.list, options.signal));
    return Object.values(this.world.machines).map(({ spec, running, boots, address }) => ({
      name: spec.name,
      state: running ? 'running' : boots > 0 ? 'stopped' : 'unknown',
      address,
    }));
  }

  machine(name: string): Machine {
    return { name, exec: (command, options) => this.exec(name, command, options) };
  }

  create(spec: MachineSpec, options: ExecOptions = {}): Promise<void> {
    return this.perform({ kind: 'create', machine: spec.name }, options, async () => {
      if (!this.world.prepared)
        throw new CliError('MACHINE_FAILED', 'The simulated network does not exist yet.', {
          hint: 'Run: kglab up',
        });
      const machine = (this.world.machines[spec.name] ??= newMachine(this.world, spec));
      if (machine.running) return;
      await this.sim.sleep(TIMES.create, options.signal);
      if (machine.running === undefined) powerOn(this.sim, machine);
    });
  }

  start(name: string, options: ExecOptions = {}): Promise<void> {
    return this.perform({ kind: 'start', machine: name }, options, async () => {
      const machine = this.known(name);
      if (machine.running) return;
      await this.sim.sleep(TIMES.start, options.signal);
      if (machine.running === undefined) powerOn(this.sim, machine);
    });
  }

  stop(name: string, options: ExecOptions & { readonly force?: boolean } = {}): Promise<void> {
    return this.perform({ kind: 'stop', machine: name }, options, async () => {
      const machine = this.world.machines[name];
      if (machine?.running && !options.force) await this.sim.sleep(SHUTDOWN_MS, options.signal);
      if (machine) powerOff(this.sim, machine);
    });
  }

  remove(name: string, options: ExecOptions = {}): Promise<void> {
    return this.perform({ kind: 'remove', machine: name }, options, async () => {
      const machine = this.world.machines[name];
      if (machine === undefined) return;
      await this.sim.sleep(TIMES.remove, options.signal);
      powerOff(this.sim, machine);
      delete this.world.machines[name];
      forgetVolumes(this.world);
    });
  }

  private async removeFoundation(options: ExecOptions = {}): Promise<void> {
    await this.perform({ kind: 'cleanup' }, options, () => {
      const left = Object.keys(this.world.machines);
      if (left.length > 0) throw new CliError('BUG', `Machines still use the network: ${left.join(', ')}.`);
      this.world.prepared = false;
    });
    if (Object.keys(this.world.kept).length === 0) await this.options.store.remove();
  }

  private traces(): Promise<readonly Trace[]> {
    const { machines, prepared } = this.world;
    const isEmpty = Object.keys(machines).length === 0 && !prepared;
    const what = this.options.store.file() ?? 'the simulated world';
    return Promise.resolve(isEmpty ? [] : [{ kind: 'file', what }]);
  }

  private async keepFolders(
    name: string,
    folders: readonly string[],
    options: ExecOptions = {},
  ): Promise<string> {
    await this.perform({ kind: 'keep', machine: name }, options, () =>
      keepFolders(this.world, name, folders),
    );
    return 'the simulated world';
  }

  private exec(name: string, command: Command, options: ExecOptions = {}): Promise<CommandResult> {
    return this.perform({ kind: 'exec', machine: name, command }, options, (budget) =>
      execOn(this.sim, this.world.machines[name], name, command, options, budget),
    );
  }

  /** Does an operation with the fault that the plan has for it, and saves the world. */
  private async perform<T>(
    given: Omit<Operation, 'index'>,
    options: ExecOptions,
    work: (budget?: Budget) => Promise<T> | T,
  ): Promise<T> {
    if (this.dead) throw new CrashError();
    const operation = { ...given, index: this.operations };
    this.operations += 1;
    const fault = this.options.faults?.(operation);
    await this.sim.advance();
    try {
      const result = fault
        ? await withFault(fault, operation, this.sim, options, work).catch((error: unknown) =>
            this.end(error),
          )
        : await work();
      if (this.dead) throw new CrashError();
      this.options.witness?.(operation);
      return result;
    } finally {
      // A failed operation may have changed the world, too: a command may power its machine off.
      if (!this.dead) this.options.store.save();
    }
  }

  /** After a crash no further operation is accepted. */
  private end(error: unknown): never {
    if (error instanceof CrashError) this.dead = true;
    throw error;
  }

  private known(name: string): SimMachine {
    const machine = this.world.machines[name];
    if (machine !== undefined && machine.boots > 0) return machine;
    throw new CliError('MACHINE_FAILED', `Machine ${name} was not created completely.`, {
      hint: 'Complete it: kglab up',
    });
  }
}
