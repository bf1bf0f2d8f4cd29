import { join } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import type { ExecOptions } from '../../exec/command.js';
import { mapPool } from '../../util/pool.js';
import type { Machine, MachineInfo, MachineProvider, MachineSpec } from '../provider.js';
import { askAddress, pickAddress } from './address.js';
import { MultipassClient } from './client.js';
import { driverArgs, listArgs, statesArgs, versionArgs } from './commands.js';
import { DEADLINES, type Deadlines } from './deadlines.js';
import { featuresOf, type MultipassFeatures } from './features.js';
import { LaunchGate } from './gate.js';
import { launch } from './launch.js';
import { Ledger } from './ledger.js';
import { MultipassMachine } from './machine.js';
import type { MultipassOptions } from './options.js';
import { Ownership } from './ownership.js';
import { parseList, parseVersions, toMachineState, type Instance } from './parse.js';
import { Power } from './power.js';
import { Removal } from './removal.js';

/** Launches at a time: ten crashed a daemon, three are what it is used to. */
const PARALLEL = 3;

/** For how long a machine that ran is taken to run still, in milliseconds. */
const SEEN_MS = 20_000;

/** Machines asked for their addresses at the same time. */
const ASK_LIMIT = 4;

/** Virtual machines by the `multipass` executable of this host; Linux, macOS or Windows. */
export class MultipassProvider implements MachineProvider {
  readonly id = 'multipass';
  readonly features = {
    ownKernel: true,
    packagesInImage: false,
    stableAddresses: false,
    parallelCreates: PARALLEL,
  } as const;

  private readonly deadlines: Deadlines;
  private readonly client: MultipassClient;
  private readonly ledger: Ledger;
  private readonly ownership: Ownership;
  private readonly power: Power;
  private readonly removal: Removal;
  private readonly gate = new LaunchGate(PARALLEL);
  private readonly running = new Map<string, number>();
  private looking: Promise<readonly Instance[]> | undefined;
  private able: Promise<MultipassFeatures> | undefined;

  constructor(private readonly options: MultipassOptions) {
    this.deadlines = { ...DEADLINES, ...options.deadlines };
    this.client = new MultipassClient({ ...options, deadlines: this.deadlines });
    this.ledger = new Ledger(join(options.dataDir, 'multipass.json'), options.lab);
    const { client, deadlines, ledger } = this;
    const look = (name: string, how: ExecOptions) => this.look(name, how);
    const common = { client, deadlines, clock: options.clock, look };
    this.ownership = new Ownership(options.lab, ledger, (name) => this.machine(name));
    this.power = new Power({
      ...common,
      abilities: () => this.abilities(),
      machine: (name) => this.machine(name),
    });
    this.removal = new Removal({ ...common, ledger, ownership: this.ownership });
  }

  /** There is nothing to be prepared: multipass has its own network, and gets the image with the first launch. */
  async unprepared(): Promise<string | undefined> {
    return undefined;
  }

  async prepare(): Promise<void> {}

  async list(options: ExecOptions = {}): Promise<readonly MachineInfo[]> {
    const [book, instances] = await Promise.all([this.ledger.read(), this.instances(listArgs, options)]);
    const own = instances.filter(({ name }) => Object.hasOwn(book, name));
    return mapPool(own, ASK_LIMIT, async ({ name, state, addresses }) => {
      const address = await this.addressOf(name, state, addresses, options.signal);
      return { name, state: toMachineState(state), ...(address !== undefined && { address }) };
    });
  }

  machine(name: string): Machine {
    const { client, deadlines } = this;
    const assertRunning = (which: string, options?: ExecOptions) => this.assertRunning(which, options);
    return new MultipassMachine(name, { host: this.options.host, client, deadlines, assertRunning });
  }

  async create(spec: MachineSpec, options: ExecOptions = {}): Promise<void> {
    const { name } = spec;
    const found = await this.look(name, options);
    await this.ownership.assertFree(name, found);
    const halfMade = await this.ownership.isHalfMade(name);
    if (found !== undefined && !(halfMade && found.state === 'Unknown')) {
      await this.power.start(name, options);
      if (halfMade) await this.ownership.assertMarked(name, options);
    } else {
      // One that never came up has no data to be kept: it is made anew.
      if (found !== undefined) await this.removal.purge(name, options);
      await this.ledger.note(name, 'launching');
      await this.launchInTurn(spec, options);
    }
    await this.ledger.note(name, 'made');
    await this.awaitAddress(name, options);
  }

  async start(name: string, options: ExecOptions = {}): Promise<void> {
    await this.ownership.assertOwn(name);
    await this.power.start(name, options);
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

  async cleanup(): Promise<void> {
    const left = Object.keys(await this.ledger.read());
    // A launch that has left nothing behind but its note.
    for (const name of left) await this.removal.remove(name, {});
    await this.ledger.discard();
  }

  /** What this version with this driver can do. */
  abilities(): Promise<MultipassFeatures> {
    this.able ??= this.readAbilities().catch((error: unknown) => {
      this.able = undefined;
      throw error;
    });
    return this.able;
  }

  private async readAbilities(): Promise<MultipassFeatures> {
    const timeoutMs = this.deadlines.listMs;
    const { stdout } = await this.client.must(versionArgs, { timeoutMs });
    const { client, daemon } = parseVersions(stdout);
    const driver = await this.client.call(driverArgs, { timeoutMs });
    return featuresOf(daemon ?? client, driver.stdout.trim());
  }

  private async launchInTurn(spec: MachineSpec, options: ExecOptions): Promise<void> {
    const leave = await this.gate.enter();
    const watch = this.openWhenSeen(spec.name, options);
    try {
      options.signal?.throwIfAborted();
      await launch(
        spec,
        {
          ...{ client: this.client, clock: this.options.clock, deadlines: this.deadlines },
          image: this.options.image,
          zone: () => this.zone(),
          look: (name, how) => this.look(name, how),
          purge: (name, how) => this.removal.purge(name, how),
          assertOurs: (name, how) => this.ownership.assertMarked(name, how),
        },
        options,
      );
    } catch (error) {
      await this.strikeOut(spec.name, options);
      throw error;
    } finally {
      watch.abort();
      this.gate.open();
      leave();
    }
  }

  /** The first launch fetches the image; once its instance is listed, the image is there and others may follow. */
  private openWhenSeen(name: string, { signal }: ExecOptions): AbortController {
    const stop = new AbortController();
    const ended = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
    const watch = async (): Promise<void> => {
      while (!this.gate.isOpen) {
        await this.options.clock.sleep(this.deadlines.everyMs, ended);
        if ((await this.look(name, { signal: ended })) !== undefined) this.gate.open();
      }
    };
    // It only makes things faster: what is wrong is for the launch itself to say.
    watch().catch(() => undefined);
    return stop;
  }

  /** After a launch that failed: a name that is not in use is not this lab's any more. */
  private async strikeOut(name: string, options: ExecOptions): Promise<void> {
    const { signal: _signal, ...rest } = options;
    await this.removal.forgetUnlessThere(name, rest).catch(() => undefined);
  }

  /** The zone of the lab's other machines: each zone has a network of its own. */
  private async zone(): Promise<string | undefined> {
    if (!(await this.abilities()).zones) return undefined;
    const [book, instances] = await Promise.all([this.ledger.read(), this.instances(statesArgs, {})]);
    return instances.find(({ name, zone }) => Object.hasOwn(book, name) && zone !== undefined)?.zone;
  }

  private async instances(args: readonly string[], options: ExecOptions): Promise<readonly Instance[]> {
    const signal = options.signal && { signal: options.signal };
    const { stdout } = await this.client.must(args, { ...signal, timeoutMs: this.deadlines.listMs });
    const instances = parseList(stdout);
    const now = this.options.clock.now();
    for (const { name, state } of instances) {
      if (state === 'Running') this.running.set(name, now);
      else this.running.delete(name);
    }
    return instances;
  }

  private async look(name: string, options: ExecOptions): Promise<Instance | undefined> {
    return (await this.instances(statesArgs, options)).find((instance) => instance.name === name);
  }

  private async assertRunning(name: string, options: ExecOptions = {}): Promise<void> {
    const seen = this.running.get(name);
    if (seen !== undefined && this.options.clock.now() - seen < SEEN_MS) return;
    this.looking ??= this.instances(statesArgs, options).finally(() => (this.looking = undefined));
    const state = (await this.looking).find((instance) => instance.name === name)?.state;
    if (state === 'Running') return;
    throw new CliError(
      'MACHINE_UNREACHABLE',
      state === undefined ? `There is no machine ${name}.` : `Machine ${name} is ${state.toLowerCase()}.`,
      { hint: 'Bring the lab back: kglab up' },
    );
  }

  private async addressOf(
    name: string,
    state: string,
    addresses: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (state !== 'Running') return undefined;
    return pickAddress(addresses) ?? (await askAddress(this.machine(name), signal)) ?? undefined;
  }

  private async awaitAddress(name: string, options: ExecOptions): Promise<void> {
    await this.power.until(options, this.deadlines.addressMs, async () => {
      const found = (await this.list(options)).find((info) => info.name === name);
      return found?.state !== 'running' || found.address !== undefined;
    });
  }
}
