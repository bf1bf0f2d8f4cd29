import { join } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import type { ExecOptions } from '../../exec/command.js';
import { mapPool } from '../../util/pool.js';
import type {
  Abilities,
  Foundation,
  Machine,
  MachineInfo,
  MachineProvider,
  MachineSpec,
  Trace,
} from '../../machines/provider.js';
import { Addresses } from './address.js';
import { askFeatures, type MultipassFeatures } from './features.js';
import { MultipassClient } from './client.js';
import { statesArgs } from './commands.js';
import { DEADLINES, type Deadlines, type MultipassOptions } from './options.js';
import { LaunchGate, openWhen } from './gate.js';
import { launch } from './launch.js';
import { LaunchRecord } from './launch-record.js';
import { MultipassMachine } from './machine.js';
import { Ownership } from './ownership.js';
import { parseList, toMachineState, type Instance } from './parse.js';
import { Power, type PowerDeps } from './power.js';
import { Removal } from './removal.js';

/** Parallel launches: ten crashed a daemon, three are common. */
const PARALLEL = 3;
/** How long a running machine is assumed to still run, in milliseconds. */
const SEEN_MS = 20_000;
/** How many machines are asked for their addresses in parallel. */
const ASK_LIMIT = 4;

/** Virtual machines of the `multipass` program on this host: Linux, macOS or Windows. */
export class MultipassProvider implements MachineProvider {
  readonly id = 'multipass';
  readonly features = {
    packagesInImage: false,
    stableAddresses: false,
  } as const;
  /** Nothing to prepare: multipass has its own network and downloads the image with the first launch. */
  readonly foundation: Foundation = {
    missing: () => Promise.resolve(undefined),
    prepare: () => Promise.resolve(),
    remove: (options) => this.removeRecord(options),
  };
  readonly abilities = { traces: (options?: ExecOptions) => this.traces(options) } satisfies Abilities;

  private readonly deadlines: Deadlines;
  private readonly client: MultipassClient;
  private readonly common: Pick<PowerDeps, 'client' | 'clock' | 'deadlines' | 'findInstance'>;
  private readonly record: LaunchRecord;
  private readonly ownership: Ownership;
  private readonly power: Power;
  private readonly removal: Removal;
  private readonly addresses: Addresses;
  private readonly gate = new LaunchGate(PARALLEL);
  private readonly running = new Map<string, number>();
  private listing: Promise<readonly Instance[]> | undefined;
  private askedFeatures: Promise<MultipassFeatures> | undefined;

  constructor(private readonly options: MultipassOptions) {
    this.deadlines = { ...DEADLINES, ...options.deadlines };
    this.client = new MultipassClient({ ...options, deadlines: this.deadlines });
    this.record = new LaunchRecord(join(options.dataDir, 'multipass.json'), options.lab);
    const { client, deadlines, record } = this;
    const findInstance = (name: string, how: ExecOptions) => this.findInstance(name, how);
    this.common = { client, deadlines, clock: options.clock, findInstance };
    const machine = (name: string) => this.machine(name);
    this.addresses = new Addresses(machine, options.clock);
    this.ownership = new Ownership(options.lab, record, machine);
    this.power = new Power({ ...this.common, machine, driverFeatures: () => this.driverFeatures() });
    this.removal = new Removal({ ...this.common, record, ownership: this.ownership });
  }

  async list(options: ExecOptions = {}): Promise<readonly MachineInfo[]> {
    const phases = await this.record.read();
    const instances = await this.instances(options);
    const own = instances.filter(({ name }) => Object.hasOwn(phases, name));
    return mapPool(own, ASK_LIMIT, async ({ name, state: word }) => {
      const state = toMachineState(word);
      // It runs, but its launch was interrupted: `create` must first confirm that it is this lab's.
      if (state === 'running' && phases[name] !== 'made') return { name, state: 'unknown' };
      const address = state === 'running' ? await this.addresses.of(name, options.signal) : undefined;
      return { name, state, ...(address !== undefined && { address }) };
    });
  }

  /** Interrupted launches: they continue in the daemon, which does not list them until the image is there. */
  private async traces(options: ExecOptions = {}): Promise<readonly Trace[]> {
    const phases = await this.record.read();
    const instances = await this.instances(options);
    return Object.keys(phases)
      .filter((name) => phases[name] === 'launching' && !instances.some((one) => one.name === name))
      .map((what) => ({ kind: 'machine being launched', what }));
  }

  machine(name: string): Machine {
    const { client, deadlines } = this;
    const assertRunning = (which: string, options?: ExecOptions) => this.assertRunning(which, options);
    return new MultipassMachine(name, { host: this.options.host, client, deadlines, assertRunning });
  }

  async create(spec: MachineSpec, options: ExecOptions = {}): Promise<void> {
    const { name } = spec;
    const found = await this.findInstance(name, options);
    await this.ownership.assertFree(name, found);
    if (found === undefined || !(await this.startExisting(found, options)))
      await this.launchInTurn(spec, options);
    await this.record.note(name, 'made');
    await this.awaitAddress(name, options);
  }

  /** Starts an existing instance. Returns false after purging one that never came up: it has no data. */
  private async startExisting({ name, state }: Instance, options: ExecOptions): Promise<boolean> {
    if (state !== 'Unknown' || !(await this.ownership.isLaunching(name)))
      await this.power.start(name, options);
    else if (!(await this.power.bringUp(name, options))) {
      await this.removal.purge(name, options);
      await this.record.forget(name);
      return false;
    }
    await this.ownership.confirm(name, options);
    return true;
  }

  async start(name: string, options: ExecOptions = {}): Promise<void> {
    await this.ownership.assertOwn(name);
    await this.power.start(name, options);
    await this.ownership.confirm(name, options);
    await this.awaitAddress(name, options);
  }

  async stop(name: string, options: ExecOptions & { readonly force?: boolean } = {}): Promise<void> {
    await this.ownership.assertOwn(name);
    this.running.delete(name);
    await this.power.stop(name, options);
    this.running.delete(name);
  }

  async remove(name: string, options: ExecOptions = {}): Promise<void> {
    this.running.delete(name);
    await this.removal.remove(name, options);
    this.running.delete(name);
  }

  private async removeRecord(options: ExecOptions = {}): Promise<void> {
    // These launches failed or were interrupted: the daemon may still be launching an instance.
    for (const name of Object.keys(await this.record.read())) await this.removal.remove(name, options);
    await this.record.discard();
  }

  /** The features of this multipass version with its driver; asked once. */
  driverFeatures(): Promise<MultipassFeatures> {
    this.askedFeatures ??= askFeatures(this.client, this.deadlines.listMs).catch((error: unknown) => {
      this.askedFeatures = undefined;
      throw error;
    });
    return this.askedFeatures;
  }

  private async launchInTurn(spec: MachineSpec, options: ExecOptions): Promise<void> {
    const { name } = spec;
    const leave = await this.gate.enter();
    try {
      options.signal?.throwIfAborted();
      // It may have waited for minutes.
      await this.ownership.assertFree(name, await this.findInstance(name, options));
      const launchedBefore = await this.ownership.isLaunching(name);
      await this.record.note(name, 'launching');
      await this.launchNow(spec, launchedBefore, options);
    } catch (error) {
      await this.forgetFailedLaunch(name, options);
      throw error;
    } finally {
      this.gate.open();
      leave();
    }
  }

  private async launchNow(spec: MachineSpec, launchedBefore: boolean, options: ExecOptions): Promise<void> {
    const { gate } = this;
    const { clock, deadlines } = this.common;
    // The first launch fetches the image; once its instance is listed, the image is there.
    const seen = async (how: ExecOptions) => (await this.findInstance(spec.name, how)) !== undefined;
    const watch = openWhen(seen, { gate, clock, everyMs: deadlines.everyMs, ...options });
    const deps = {
      ...this.common,
      ...{ image: this.options.image, launchedBefore },
      zone: () => this.zone(),
      purge: (name: string, how: ExecOptions) => this.removal.purge(name, how),
      forget: (name: string) => this.record.forget(name),
      assertOurs: (name: string, how: ExecOptions) => this.ownership.assertMarked(name, how),
    };
    await launch(spec, deps, options).finally(() => watch.abort());
  }

  /** After a failed launch: forgets the name unless an instance exists. */
  private async forgetFailedLaunch(name: string, options: ExecOptions): Promise<void> {
    const { signal: _signal, ...rest } = options;
    await this.removal.forgetUnlessThere(name, rest).catch(() => undefined);
  }

  /** The zone of the lab's other machines, because each zone has its own network. */
  private async zone(): Promise<string | undefined> {
    if (!(await this.driverFeatures()).zones) return undefined;
    const phases = await this.record.read();
    const instances = await this.instances({});
    return instances.find(({ name, zone }) => Object.hasOwn(phases, name) && zone !== undefined)?.zone;
  }

  private async instances(options: ExecOptions): Promise<readonly Instance[]> {
    const signal = options.signal && { signal: options.signal };
    const { stdout } = await this.client.must(statesArgs, { ...signal, timeoutMs: this.deadlines.listMs });
    const instances = parseList(stdout);
    for (const { name, state } of instances) {
      if (state === 'Running') this.running.set(name, this.options.clock.now());
      else this.running.delete(name);
    }
    return instances;
  }

  private async findInstance(name: string, options: ExecOptions): Promise<Instance | undefined> {
    return (await this.instances(options)).find((instance) => instance.name === name);
  }

  private async assertRunning(name: string, options: ExecOptions = {}): Promise<void> {
    const seen = this.running.get(name);
    if (seen !== undefined && this.options.clock.now() - seen < SEEN_MS) return;
    this.listing ??= this.instances(options).finally(() => (this.listing = undefined));
    const state = (await this.listing).find((instance) => instance.name === name)?.state;
    if (state === 'Running') return;
    throw new CliError(
      'MACHINE_UNREACHABLE',
      state === undefined ? `There is no machine ${name}.` : `Machine ${name} is ${state.toLowerCase()}.`,
      { hint: 'Repair the lab: kglab up' },
    );
  }

  private async awaitAddress(name: string, options: ExecOptions): Promise<void> {
    this.addresses.forget(name);
    await this.power.until(options, this.deadlines.addressMs, async () => {
      if ((await this.findInstance(name, options))?.state !== 'Running') return true;
      return (await this.addresses.ask(name, options.signal)) !== undefined;
    });
  }
}
