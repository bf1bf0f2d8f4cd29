import { readdir, rm } from 'node:fs/promises';
import { formatRange } from '../../util/subnet.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, type Command, type ExecOptions, type Executor } from '../../exec/command.js';
import { chooseRange, findTaken, gatewayOf, prefixOf, toRange, type TakenRange } from './addresses.js';
import {
  closeFirewall,
  dropsForwarded,
  type FirewallInput,
  isFirewallOpen,
  openFirewall,
  renderRules,
} from './firewall.js';
import { hasDefaultRoute, parseLinks, parseRoutes, type Link } from './ip-json.js';
import { enableForwarding, isForwarding, otherNetworks, restoreForwarding } from './ip-forward.js';
import { readText } from '../../util/private-files.js';
import { readJson, unlessDamaged, writeJson, type NetworkRecord } from './records.js';
import { bridgeMac, bridgeName, ownerMark, shortHash, tableName } from './names.js';
import type { NspawnOptions } from './options.js';
import type { LabPaths } from './paths.js';
import { awaitAll } from '../../util/pool.js';

/** The current state of the host. */
interface HostNetwork {
  readonly links: readonly Link[];
  readonly routes: readonly TakenRange[];
  readonly internet: boolean;
}

/** The lab's bridge, range and packet rules on the host. */
export class LabNetwork {
  private readonly host: Executor;
  private readonly bridge: string;
  private readonly table: string;

  constructor(
    private readonly options: Pick<NspawnOptions, 'lab' | 'host' | 'dataDir' | 'network'>,
    private readonly paths: LabPaths,
  ) {
    this.host = options.host;
    this.bridge = bridgeName(options.lab);
    this.table = tableName(options.lab);
  }

  /** The record of the lab's network; undefined when it has none yet. Throws RECORD_DAMAGED. */
  record(): Promise<NetworkRecord | undefined> {
    const hint = 'See the network (ip -d addr), or remove the lab: kglab down';
    return readJson<NetworkRecord>(this.paths.network, hint);
  }

  /** Says what is missing; undefined when complete. Throws LAB_CHANGED as {@link ensure} does. */
  async missing(options: ExecOptions = {}): Promise<string | undefined> {
    const record = await this.record();
    if (record === undefined) return 'the lab has no network yet';
    if (this.isMoved(record)) {
      await this.assertNoMachines(record.subnet);
      return `the lab file sets another range: ${this.options.network.subnet}`;
    }
    const seen = await this.look(options);
    const link = seen.links.find(({ name }) => name === record.bridge);
    if (link === undefined || !this.isReady(link, record)) return `bridge ${record.bridge} is missing`;
    if (!(await this.hasTable(record, options))) return `the packet rules of ${record.bridge} are missing`;
    if (!(await this.isLetThrough(record, options))) return `the firewall blocks ${record.bridge}`;
    if (record.internet !== this.wantsInternet(seen))
      return 'the internet access of the machines must change';
    if (record.internet && !(await isForwarding())) return 'the host does not forward packets';
    return undefined;
  }

  /**
   * Creates everything that is missing. Throws HOST_ADDRESS_TAKEN when the bridge's name or the range is in use by
   * others, LAB_CHANGED when the lab has machines in another range than the lab file sets.
   */
  async ensure(options: ExecOptions = {}): Promise<void> {
    const seen = await this.look(options);
    const old = await this.record();
    this.assertBridgeOurs(seen, old);
    const subnet = await this.chooseSubnet(seen, old);
    // Once the rules were needed, they stay: the firewall may drop packets again at any time.
    const firewall = old?.firewall === true || (await dropsForwarded(this.host, options));
    const record = {
      bridge: this.bridge,
      table: this.table,
      subnet,
      internet: this.wantsInternet(seen),
      firewall,
    };
    await writeJson(this.paths.network, record);
    await this.ensureBridge(seen, record, options);
    await this.run({ ...cmd('nft', '-f', '-'), stdin: renderRules(record) }, options);
    if (firewall) await openFirewall(this.host, this.rulesOf(record), options);
    if (record.internet) await enableForwarding(this.options.dataDir);
  }

  /** Removes everything; may be repeated. */
  async remove(options: ExecOptions = {}): Promise<void> {
    // Works without the record: the names derive from the lab's, and the bridge has the lab's mark.
    const isThere = (await readText(this.paths.network)) !== undefined;
    const names = { bridge: this.bridge, table: this.table };
    await closeFirewall(this.host, ownerMark(this.options.lab), options);
    if (!isThere) return;
    const record = (await this.record().catch(unlessDamaged)) ?? names;
    const seen = await this.look(options);
    const link = seen.links.find(({ name }) => name === record.bridge);
    if (link !== undefined && this.isOurs(link, record)) {
      await this.run(cmd('ip', 'link', 'delete', 'dev', record.bridge), options);
    }
    // Works in one transaction, even without such a table.
    const drop = `add table ip ${record.table}\ndelete table ip ${record.table}\n`;
    await this.run({ ...cmd('nft', '-f', '-'), stdin: drop }, options);
    await restoreForwarding(this.options.dataDir, this.options.lab.name);
    await rm(this.paths.network, { force: true });
  }

  private rulesOf(record: NetworkRecord): FirewallInput {
    return { ...record, mark: ownerMark(this.options.lab) };
  }

  private async isLetThrough(record: NetworkRecord, options: ExecOptions): Promise<boolean> {
    if (record.firewall) return isFirewallOpen(this.host, this.rulesOf(record), options);
    return !(await dropsForwarded(this.host, options));
  }

  /** Whether the lab file names another range than the lab has. */
  private isMoved({ subnet }: NetworkRecord): boolean {
    const wanted = this.options.network.subnet;
    return wanted !== undefined && wanted !== subnet;
  }

  private async look(options: ExecOptions): Promise<HostNetwork> {
    const [links, routes] = await awaitAll([
      this.run(cmd('ip', '-j', '-d', 'addr', 'show'), options),
      this.run(cmd('ip', '-j', '-4', 'route', 'show', 'table', 'all'), options),
    ]);
    return { links: parseLinks(links), routes: parseRoutes(routes), internet: hasDefaultRoute(routes) };
  }

  private wantsInternet({ internet }: HostNetwork): boolean {
    return this.options.network.internet === 'auto' ? internet : this.options.network.internet === 'on';
  }

  /** A bridge without a mark is ours when it is in the record: the run that created it was interrupted. */
  private isOurs({ kind, alias }: Link, record: Pick<NetworkRecord, 'bridge'> | undefined): boolean {
    if (kind !== 'bridge') return false;
    return alias === ownerMark(this.options.lab) || (alias === undefined && record?.bridge === this.bridge);
  }

  private assertBridgeOurs({ links }: HostNetwork, record: NetworkRecord | undefined): void {
    const link = links.find(({ name }) => name === this.bridge);
    if (link === undefined || this.isOurs(link, record)) return;
    throw new CliError(
      'HOST_ADDRESS_TAKEN',
      `The interface ${this.bridge} exists and does not belong to this lab.`,
      {
        details: [`kind ${link.kind ?? 'unknown'}, alias ${link.alias ?? 'none'}`],
        hint: `Give the lab another name, or see what it is: ip -d link show ${this.bridge}`,
      },
    );
  }

  private async chooseSubnet(seen: HostNetwork, old: NetworkRecord | undefined): Promise<string> {
    const wanted = this.options.network.subnet;
    if (old !== undefined && !this.isMoved(old)) {
      this.assertFree(old.subnet, this.taken(seen));
      return old.subnet;
    }
    if (old !== undefined) await this.assertNoMachines(old.subnet);
    const others = (await otherNetworks(this.options.dataDir, this.options.lab.name)).map((other) => ({
      range: toRange(other.subnet),
      by: `the lab on ${other.bridge}`,
    }));
    const taken = [...this.taken(seen), ...others];
    if (wanted === undefined) return formatRange(chooseRange(shortHash(this.options.lab.name, 8), taken));
    this.assertFree(wanted, taken);
    return wanted;
  }

  /** The ranges in use on this host, without those on the lab's own bridge. */
  private taken({ links, routes }: HostNetwork): readonly TakenRange[] {
    const addresses = links
      .filter(({ name }) => name !== this.bridge)
      .flatMap(({ name, addresses: own }) =>
        own.map((cidr) => ({ range: toRange(cidr), by: `${cidr} on ${name}` })),
      );
    return [...addresses, ...routes.filter(({ by }) => !by.endsWith(` on ${this.bridge}`))];
  }

  private assertFree(subnet: string, taken: readonly TakenRange[]): void {
    const other = findTaken(toRange(subnet), taken);
    if (other === undefined) return;
    throw new CliError('HOST_ADDRESS_TAKEN', `The lab's range ${subnet} is in use: ${other.by}.`, {
      hint: 'Set another network.subnet in the lab file, or delete the field network.subnet: kglab then chooses a free range.',
    });
  }

  private async assertNoMachines(subnet: string): Promise<void> {
    if ((await readdir(this.paths.machines).catch(() => [])).length === 0) return;
    throw new CliError(
      'LAB_CHANGED',
      `The lab's machines have addresses in ${subnet}, but the lab file sets another range.`,
      {
        hint: `Set network.subnet to ${subnet} again, or remove the lab first: kglab down`,
      },
    );
  }

  private isReady(link: Link, { subnet }: NetworkRecord): boolean {
    return (
      link.up && link.alias === ownerMark(this.options.lab) && link.addresses.includes(this.address(subnet))
    );
  }

  private address(subnet: string): string {
    return `${gatewayOf(toRange(subnet))}/${prefixOf(toRange(subnet))}`;
  }

  private async ensureBridge(
    { links }: HostNetwork,
    record: NetworkRecord,
    options: ExecOptions,
  ): Promise<void> {
    const { bridge, subnet } = record;
    const link = links.find(({ name }) => name === bridge);
    if (link !== undefined && this.isReady(link, record)) return;
    const mac = bridgeMac(this.options.lab);
    if (link === undefined)
      await this.run(cmd('ip', 'link', 'add', 'name', bridge, 'address', mac, 'type', 'bridge'), options);
    await this.run(cmd('ip', 'link', 'set', 'dev', bridge, 'alias', ownerMark(this.options.lab)), options);
    for (const stale of (link?.addresses ?? []).filter((cidr) => cidr !== this.address(subnet))) {
      await this.run(cmd('ip', 'addr', 'del', stale, 'dev', bridge), options);
    }
    await this.run(cmd('ip', 'addr', 'replace', this.address(subnet), 'dev', bridge), options);
    await this.run(cmd('ip', 'link', 'set', 'dev', bridge, 'up'), options);
  }

  private async hasTable({ table }: NetworkRecord, options: ExecOptions): Promise<boolean> {
    const result = await this.host.exec(cmd('nft', 'list', 'table', 'ip', table), options);
    return result.exitCode === 0;
  }

  private async run(command: Command, options: ExecOptions): Promise<string> {
    return (await checked(this.host, 'the host', command, { ...options, code: 'HOST_UNFIT' })).stdout;
  }
}
