import { readdir, readFile, rm } from 'node:fs/promises';
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

/** What the host has at the moment. */
interface HostNetwork {
  readonly links: readonly Link[];
  readonly routes: readonly TakenRange[];
  readonly internet: boolean;
}

/** The lab's bridge, range and rules on the host. */
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

  /** What the lab was given, if anything yet. */
  record(): Promise<NetworkRecord | undefined> {
    const hint = 'See how the network is (ip -d addr), or take the lab down: kglab down';
    return readJson<NetworkRecord>(this.paths.network, hint);
  }

  /** What is not as it should be, or undefined. Throws LAB_CHANGED as {@link ensure} does. */
  async missing(options: ExecOptions = {}): Promise<string | undefined> {
    const record = await this.record();
    if (record === undefined) return 'the lab has no network yet';
    if (this.isMoved(record)) {
      await this.assertNoMachines(record.subnet);
      return `the lab is to be in ${this.options.network.subnet}`;
    }
    const seen = await this.look(options);
    const link = seen.links.find(({ name }) => name === record.bridge);
    if (link === undefined || !this.isReady(link, record)) return `bridge ${record.bridge} is not there`;
    if (!(await this.hasTable(record, options))) return `the packet rules of ${record.bridge} are not there`;
    if (!(await this.isLetThrough(record, options))) return `the firewall holds up ${record.bridge}`;
    if (record.internet !== this.wantsInternet(seen)) return 'the way to the internet has changed';
    if (record.internet && !(await isForwarding())) return 'the host does not forward packets';
    return undefined;
  }

  /**
   * Makes everything that is missing. Throws HOST_ADDRESS_TAKEN when somebody else has the bridge's name or the
   * range, LAB_CHANGED when machines live in another range than the lab file now says.
   */
  async ensure(options: ExecOptions = {}): Promise<void> {
    const seen = await this.look(options);
    const old = await this.record();
    this.assertBridgeOurs(seen, old);
    const subnet = await this.chooseSubnet(seen, old);
    // Once there are rules, they are kept whole: whoever made them necessary may do so again.
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
    // What is removed is known without the record: names follow from the lab's own, and the bridge has its mark.
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
    // One transaction that also works when there is no such table.
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

  /** A bridge without a mark is ours when it is in our books: the run that made it was cut short. */
  private isOurs({ kind, alias }: Link, record: Pick<NetworkRecord, 'bridge'> | undefined): boolean {
    if (kind !== 'bridge') return false;
    return alias === ownerMark(this.options.lab) || (alias === undefined && record?.bridge === this.bridge);
  }

  private assertBridgeOurs({ links }: HostNetwork, record: NetworkRecord | undefined): void {
    const link = links.find(({ name }) => name === this.bridge);
    if (link === undefined || this.isOurs(link, record)) return;
    throw new CliError('HOST_ADDRESS_TAKEN', `An interface ${this.bridge} exists that is not this lab's.`, {
      details: [`kind ${link.kind ?? 'unknown'}, alias ${link.alias ?? 'none'}`],
      hint: `Give the lab another name, or look what it is: ip -d link show ${this.bridge}`,
    });
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

  /** What others on this host have; what is on our own bridge does not count. */
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
    throw new CliError('HOST_ADDRESS_TAKEN', `The lab's range ${subnet} is taken: ${other.by}.`, {
      hint: 'Set another network.subnet in the lab file, or none: then a free one is chosen.',
    });
  }

  private async assertNoMachines(subnet: string): Promise<void> {
    if ((await readdir(this.paths.machines).catch(() => [])).length === 0) return;
    throw new CliError(
      'LAB_CHANGED',
      `The lab's machines have addresses in ${subnet}, and the lab file now says otherwise.`,
      {
        hint: `Put network.subnet back to ${subnet}, or take the lab down first: kglab down`,
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

/** The host's nameservers, for machines that reach the internet. */
export const readResolvConf = async (): Promise<string> => {
  const main = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  // systemd-resolved puts its own loopback address there; the real ones are in this file.
  return main.includes('127.0.0.53')
    ? readFile('/run/systemd/resolve/resolv.conf', 'utf8').catch(() => '')
    : main;
};
