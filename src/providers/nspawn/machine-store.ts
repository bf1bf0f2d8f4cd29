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
import { readResolvConf } from './network.js';
import type { NspawnOptions } from './options.js';
import { unmountBelow } from './overlay.js';
import { OWN_FOLDERS, type LabPaths } from './paths.js';
import { writeSeed, parseNameservers } from './seed.js';
import { replaceFile } from '../../util/replace-file.js';

/** The machines of a lab on disk. */
export class MachineStore {
  constructor(
    private readonly options: Pick<NspawnOptions, 'lab' | 'machines'>,
    private readonly host: Executor,
    private readonly paths: LabPaths,
  ) {}

  /** Names of all machines that anything is left of. */
  async names(): Promise<readonly string[]> {
    const entries = await readdir(this.paths.machines, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  }

  /** What the machine is; undefined when that is not known: it can be looked at and removed all the same. */
  record(name: string): Promise<MachineRecord | undefined> {
    return this.strictRecord(name).catch(unlessDamaged);
  }

  private strictRecord(name: string): Promise<MachineRecord | undefined> {
    const again = `Make machine ${name} anew with its data: kglab rebuild --node ${name} --keep-data`;
    return readJson<MachineRecord>(this.paths.machine(name).record, again);
  }

  /** Whether the machine's own files are complete: it can be booted. */
  async isComplete(name: string): Promise<boolean> {
    return (await stat(this.paths.machine(name).seeded).catch(() => undefined)) !== undefined;
  }

  /** Lays the machine's files down; what a run that was cut short left of them is made anew. */
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
      // `seeded` lets go of the copies that are kept: those in the machine must be on disk before it.
      await checked(this.host, 'the host', cmd('sync', '-f', paths.dir), { code: 'MACHINE_FAILED' });
    }
    await replaceFile(paths.seeded, '');
    await forgetKept(this.paths, spec.name);
    return record;
  }

  /** Folders of removed machines that are still there, as a removal was cut short. */
  async gone(): Promise<readonly string[]> {
    const entries = await readdir(this.paths.gone).catch(() => []);
    return entries.sort().map((entry) => join(this.paths.gone, entry));
  }

  /**
   * Removes the machine's folder. It must be off: nothing may be mounted there any more, and that is made sure of. The
   * folder first loses its place, at once: half of a machine must never look like a whole one.
   */
  async discard(name: string, options: ExecOptions): Promise<void> {
    const { dir } = this.paths.machine(name);
    await unmountBelow(this.host, dir, options);
    if ((await this.names()).includes(name)) {
      await mkdir(this.paths.gone, { recursive: true, mode: 0o700 });
      // No machine's name has a dot.
      await rename(dir, join(this.paths.gone, `${name}.${randomBytes(4).toString('hex')}`));
    }
    await this.sweep(options, name);
  }

  /**
   * Finishes removals that were cut short: of one machine, or of all. The folder of what is going stays until the end:
   * others may be about to move into it.
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
    // Files may be immutable: mount points of the lab are guarded that way.
    await this.host.exec(cmd('chattr', '-R', '-f', '-i', dir), options);
    await checked(this.host, 'the host', remove, { ...options, code: 'MACHINE_FAILED' });
  }

  private async addressFor(name: string, cidr: string): Promise<string> {
    const existing = new Map<string, string>();
    for (const other of await this.names()) {
      // The address of a machine that is not known must not be given to another one.
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

/** Throws MACHINE_FAILED when the image that a machine stands on is gone. */
export const assertImage = async ({ name, image }: MachineRecord): Promise<void> => {
  if ((await stat(image).catch(() => undefined))?.isDirectory()) return;
  throw new CliError('MACHINE_FAILED', `The image of machine ${name} is gone: ${image}`, {
    hint: 'It was in the cache. Build the lab anew: kglab rebuild',
  });
};
