import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';
import type { MachineSpec } from '../../machines/provider.js';
import { assignAddresses, gatewayOf, prefixOf, toRange } from './addresses.js';
import { readJson, unlessDamaged, writeJson, type MachineRecord, type NetworkRecord } from './records.js';
import { completeKeep, forgetKept, restoreFolders } from './kept-folders.js';
import { machineId } from './names.js';
import type { NspawnOptions } from './options.js';
import { unmountBelow } from './overlay.js';
import { OWN_FOLDERS, type LabPaths } from './paths.js';
import { parseNameservers, readResolvConf, writeSeed } from './seed.js';
import { replaceFile } from '../../util/replace-file.js';

/** The machines of a lab on disk. */
export class MachineStore {
  constructor(
    private readonly options: Pick<NspawnOptions, 'lab' | 'machines'>,
    private readonly host: Executor,
    private readonly paths: LabPaths,
  ) {}

  /** Names of all machines that have a folder, complete or not. */
  async names(): Promise<readonly string[]> {
    const entries = await readdir(this.paths.machines, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  }

  /** The machine's record; undefined when missing or damaged: the machine can still be listed and removed. */
  record(name: string): Promise<MachineRecord | undefined> {
    return this.strictRecord(name).catch(unlessDamaged);
  }

  private strictRecord(name: string): Promise<MachineRecord | undefined> {
    const again = `The data of the machine is still there. Rebuild the machine and keep the data: kglab rebuild --node ${name} --keep-data`;
    return readJson<MachineRecord>(this.paths.machine(name).record, again);
  }

  /** Whether the machine's own files are complete: it can be booted. */
  async isComplete(name: string): Promise<boolean> {
    return (await stat(this.paths.machine(name).seeded).catch(() => undefined)) !== undefined;
  }

  /** Creates the machine's files; replaces those of an interrupted run. */
  async create(spec: MachineSpec, image: string, network: NetworkRecord): Promise<MachineRecord> {
    const { userData, ...rest } = spec;
    const paths = this.paths.machine(spec.name);
    const subnet = toRange(network.subnet);
    const address = await this.addressFor(spec.name, network.subnet);
    const record: MachineRecord = { ...rest, address, image };
    await writeJson(paths.record, record);
    await completeKeep(this.paths, spec.name);
    await rm(paths.upper, { recursive: true, force: true });
    for (const dir of [paths.upper, paths.work, paths.root])
      await mkdir(dir, { recursive: true, mode: 0o755 });
    for (const { folder } of OWN_FOLDERS) await mkdir(paths.own(folder), { recursive: true, mode: 0o755 });
    await writeSeed(paths.upper, {
      name: spec.name,
      machineId: machineId(this.options.lab, spec.name),
      address: `${address}/${prefixOf(subnet)}`,
      gateway: gatewayOf(subnet),
      nameservers: network.internet ? parseNameservers(await readResolvConf()) : [],
      userData,
    });
    if (await restoreFolders(this.host, this.paths, spec.name, {})) {
      // After `seeded`, the kept copies are removed: those in the machine must be on disk before.
      await checked(this.host, 'the host', cmd('sync', '-f', paths.dir), { code: 'MACHINE_FAILED' });
    }
    await replaceFile(paths.seeded, '');
    await forgetKept(this.paths, spec.name);
    return record;
  }

  /** Folders of machines whose removal was interrupted. */
  async gone(): Promise<readonly string[]> {
    const entries = await readdir(this.paths.gone).catch(() => []);
    return entries.sort().map((entry) => join(this.paths.gone, entry));
  }

  /**
   * Removes the folder of a stopped machine, after unmounting everything below it. Renames the folder first, so that a
   * partly removed machine never looks complete.
   */
  async discard(name: string, options: ExecOptions): Promise<void> {
    const { dir } = this.paths.machine(name);
    await unmountBelow(this.host, dir, options);
    if ((await this.names()).includes(name)) {
      await mkdir(this.paths.gone, { recursive: true, mode: 0o700 });
      // Names of machines have no dots.
      await rename(dir, join(this.paths.gone, `${name}.${randomBytes(4).toString('hex')}`));
    }
    await this.sweep(options, name);
  }

  /**
   * Finishes interrupted removals: of one machine, or of all. Only the latter removes the common folder, because
   * another removal may be about to rename into it.
   */
  async sweep(options: ExecOptions, name?: string): Promise<void> {
    for (const dir of await this.gone()) {
      if (name !== undefined && !dir.startsWith(join(this.paths.gone, `${name}.`))) continue;
      await this.erase(dir, options);
    }
    if (name === undefined) await rmdir(this.paths.gone).catch(() => undefined);
  }

  private async erase(dir: string, options: ExecOptions): Promise<void> {
    const remove = cmd('rm', '-rf', '--one-file-system', '--', dir);
    if ((await this.host.exec(remove, options)).exitCode === 0) return;
    // Files may be immutable: mount points of the lab are sealed.
    await this.host.exec(cmd('chattr', '-R', '-f', '-i', dir), options);
    await checked(this.host, 'the host', remove, { ...options, code: 'MACHINE_FAILED' });
  }

  private async addressFor(name: string, cidr: string): Promise<string> {
    const existing = new Map<string, string>();
    for (const other of await this.names()) {
      // Throws for a damaged record: its address must not be given to another machine.
      const record = await (other === name ? this.record(other) : this.strictRecord(other));
      if (record !== undefined) existing.set(other, record.address);
    }
    const machines = this.options.machines.includes(name)
      ? this.options.machines
      : [...this.options.machines, name];
    const address = assignAddresses(machines, existing, toRange(cidr)).get(name);
    if (address === undefined) throw new CliError('BUG', `No address was found for ${name}.`);
    return address;
  }
}

/** Throws MACHINE_FAILED when the image below a machine's overlay is gone. */
export const assertImage = async ({ name, image }: MachineRecord): Promise<void> => {
  if ((await stat(image).catch(() => undefined))?.isDirectory()) return;
  throw new CliError('MACHINE_FAILED', `The image of machine ${name} is gone: ${image}`, {
    hint: 'It was removed from the cache. Rebuild the lab: kglab rebuild',
  });
};
