import { rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { CliError } from '../../errors/cli-error.js';
import { type ExecOptions } from '../../exec/command.js';
import type {
  Abilities,
  Foundation,
  Machine,
  MachineInfo,
  MachineProvider,
  MachineSpec,
  MachineState,
  Trace,
} from '../../machines/provider.js';
import { bootMachine, groupPath, hasSystemd } from './boot.js';
import { ImageCache } from './image.js';
import { forgetPartial, keep, keptFolders } from './kept-folders.js';
import { assertImage, MachineStore } from './machine-store.js';
import { assertOwnLab, claimLab, type MachineRecord } from './records.js';
import { NspawnMachine } from './machine.js';
import { groupName, nspawnName, vethName } from './names.js';
import { LabNetwork } from './network.js';
import type { NspawnOptions } from './options.js';
import { mountRoot, unmountBelow } from './overlay.js';
import { labPaths, type LabPaths } from './paths.js';
import { Power, type PowerTarget } from './power.js';
import { findTraces } from './traces.js';
import { replaceFile } from '../../util/replace-file.js';
import { awaitAll, mapPool } from '../../util/pool.js';

/** Machines inspected in parallel. */
const LOOK_LIMIT = 8;

/** System containers on this host, run by systemd-nspawn. Needs root. */
export class NspawnProvider implements MachineProvider {
  readonly id = 'nspawn';
  readonly features = {
    packagesInImage: true,
    stableAddresses: true,
  } as const;
  readonly foundation: Foundation = {
    missing: (options) => this.missing(options),
    prepare: (options) => this.prepare(options),
    remove: (options) => this.removeFoundation(options),
  };
  readonly abilities = {
    traces: (options?: ExecOptions) => this.traces(options),
    consoles: () => this.consoles(),
    remember: (text) => this.remember(text),
    keepFolders: (name: string, folders: readonly string[], options?: ExecOptions) =>
      this.keepFolders(name, folders, options),
  } satisfies Abilities;

  private readonly paths: LabPaths;
  private readonly image: ImageCache;
  private readonly network: LabNetwork;
  private readonly store: MachineStore;
  private readonly power: Power;
  private readonly handles = new Map<string, NspawnMachine>();

  constructor(private readonly options: NspawnOptions) {
    this.paths = labPaths(options.dataDir, options.lab.name);
    this.image = new ImageCache(options.host, options.cacheDir, options.image, options.clock);
    this.network = new LabNetwork(options, this.paths);
    this.store = new MachineStore(options, options.host, this.paths);
    this.power = new Power(options.host, options.clock);
  }

  private async missing(options?: ExecOptions): Promise<string | undefined> {
    assertRoot();
    await this.assertOwn();
    if (!(await this.image.exists())) return 'the machine image does not exist yet';
    return this.network.missing(quiet(options));
  }

  private async prepare(options?: ExecOptions): Promise<void> {
    assertRoot();
    await claimLab(this.options.lab, this.paths);
    await this.image.bake(options);
    await this.network.ensure(quiet(options));
  }

  async list(): Promise<readonly MachineInfo[]> {
    await this.assertOwn();
    return mapPool(await this.store.names(), LOOK_LIMIT, (name) => this.info(name));
  }

  machine(name: string): Machine {
    const known = this.handles.get(name);
    if (known !== undefined) return known;
    const findInit = async () => (await this.power.processes(await this.target(name))).init;
    const made = new NspawnMachine(name, this.options.host, findInit);
    this.handles.set(name, made);
    return made;
  }

  async create(spec: MachineSpec, options: ExecOptions = {}): Promise<void> {
    await claimLab(this.options.lab, this.paths);
    if (!(await this.store.isComplete(spec.name))) {
      const network = await this.network.record();
      if (network === undefined) throw notPrepared();
      await this.store.create(spec, await this.image.path(), network);
    }
    await this.start(spec.name, options);
  }

  async start(name: string, options: ExecOptions = {}): Promise<void> {
    await this.assertOwn();
    if (!(await this.store.isComplete(name))) throw incomplete(name);
    const record = await this.store.record(name);
    if (record === undefined) throw recordLost(name, this.paths.machine(name).record);
    const target = await this.target(name);
    const boot = async (): Promise<void> => {
      await forgetPartial(this.paths, name);
      await this.boot(record, target, quiet(options));
    };
    await this.power.ensureUp(target, boot, options);
  }

  async stop(name: string, options: ExecOptions & { readonly force?: boolean } = {}): Promise<void> {
    await this.assertOwn();
    const target = await this.target(name);
    await (options.force ? this.power.cut(target, quiet(options)) : this.power.shutDown(target, options));
    await this.power.sweep(target, quiet(options));
  }

  async remove(name: string, options: ExecOptions = {}): Promise<void> {
    await this.assertOwn();
    if ((await this.store.names()).includes(name)) {
      const target = await this.target(name);
      await this.power.cut(target, quiet(options));
      await this.power.sweep(target, quiet(options));
    }
    // An interrupted `keepFolders` may have moved a part of its data: remove it too.
    await forgetPartial(this.paths, name);
    await this.store.discard(name, quiet(options));
    this.handles.delete(name);
  }

  private async removeFoundation(options: ExecOptions = {}): Promise<void> {
    await this.assertOwn();
    const left = await this.store.names();
    if (left.length > 0) throw new CliError('BUG', `The network is still used by ${left.join(', ')}.`);
    await this.store.sweep(quiet(options));
    for (const { machine } of await keptFolders(this.paths)) await forgetPartial(this.paths, machine);
    await this.network.remove(quiet(options));
    await rm(this.paths.dir, { recursive: true, force: true });
  }

  private async remember(text: string): Promise<void> {
    await claimLab(this.options.lab, this.paths);
    await replaceFile(this.paths.note, text);
  }

  private async traces(options: ExecOptions = {}): Promise<readonly Trace[]> {
    const machines = [...new Set([...(await this.store.names()), ...this.options.machines])];
    return findTraces(
      this.options.host,
      { lab: this.options.lab, paths: this.paths, machines, gone: await this.store.gone() },
      quiet(options),
    );
  }

  private async consoles(): Promise<readonly { readonly machine: string; readonly path: string }[]> {
    return (await this.store.names()).map((machine) => ({ machine, path: this.paths.machine(machine).log }));
  }

  private async keepFolders(
    name: string,
    folders: readonly string[],
    options: ExecOptions = {},
  ): Promise<string> {
    await this.assertOwn();
    await unmountBelow(this.options.host, this.paths.machine(name).dir, quiet(options));
    return keep(this.paths, name, folders);
  }

  private async boot(record: MachineRecord, target: PowerTarget, options: ExecOptions): Promise<void> {
    await assertImage(record);
    // After a restart of the host, the bridge and the rules are gone.
    if ((await this.network.missing(options)) !== undefined) await this.network.ensure(options);
    const network = await this.network.record();
    if (network === undefined) throw notPrepared();
    await rm(target.paths.boot, { force: true });
    await mountRoot(this.options.host, target.paths, record.image, options);
    const input = {
      name: record.name,
      nspawnName: nspawnName(this.options.lab, record.name),
      bridge: network.bridge,
      group: groupName(this.options.lab, record.name),
      paths: target.paths,
      limits: record,
    };
    await bootMachine(this.options.host, input, options);
  }

  private async info(name: string): Promise<MachineInfo> {
    const [record, complete, processes] = await awaitAll([
      this.store.record(name),
      this.store.isComplete(name),
      this.power.processes(await this.target(name)),
    ]);
    const state = stateOf(
      complete && record !== undefined,
      processes.nspawn !== undefined,
      processes.init !== undefined,
    );
    return { name, state, ...(record && { address: record.address }) };
  }

  private async target(name: string): Promise<PowerTarget> {
    const { lab } = this.options;
    const group = groupPath(groupName(lab, name), await hasSystemd());
    return { name, paths: this.paths.machine(name), group, veth: vethName(lab, name) };
  }

  private assertOwn(): Promise<void> {
    return assertOwnLab(this.options.lab, this.paths);
  }
}

/** For commands whose output is data, not progress. */
const quiet = ({ signal }: ExecOptions = {}): ExecOptions => (signal === undefined ? {} : { signal });

const stateOf = (complete: boolean, nspawn: boolean, init: boolean): MachineState => {
  if (init) return 'running';
  return complete && !nspawn ? 'stopped' : 'unknown';
};

const assertRoot = (): void => {
  if (userInfo().uid === 0) return;
  throw new CliError('HOST_NOT_ROOT', 'The nspawn provider needs root.', {
    hint: 'Run the same command with sudo, or set `provider: multipass` in the lab file.',
  });
};

const notPrepared = (): CliError =>
  new CliError('MACHINE_FAILED', 'The network of the lab does not exist yet.', { hint: 'Run: kglab up' });

const incomplete = (name: string): CliError =>
  new CliError('MACHINE_FAILED', `Machine ${name} was not created completely.`, {
    hint: 'Finish it: kglab up',
  });

/** Its files may hold bricks, so kglab does not recreate the machine unasked. */
const recordLost = (name: string, path: string): CliError =>
  new CliError('MACHINE_FAILED', `The record of machine ${name} is lost: ${path} is missing or damaged.`, {
    hint: `The data of the machine is still there. Rebuild the machine and keep the data: kglab rebuild --node ${name} --keep-data`,
  });
