import { checked } from '../../exec/checked.js';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';

/** What the rules apply to. */
export interface FirewallInput {
  readonly bridge: string;
  readonly mark: string;
  readonly internet: boolean;
}

const ESTABLISHED = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];

/**
 * Rules of the iptables chain FORWARD. Docker and ufw set its policy to DROP; with br_netfilter this blocks even
 * packets between machines on one bridge. An `accept` in the lab's own table does not override it.
 */
export const forwardRules = ({ bridge, mark, internet }: FirewallInput): readonly (readonly string[])[] => {
  const comment = ['-m', 'comment', '--comment', mark, '-j', 'ACCEPT'];
  const inside = ['-i', bridge, '-o', bridge, ...comment];
  const outside = [
    ['-i', bridge, ...comment],
    ['-o', bridge, ...ESTABLISHED, ...comment],
  ];
  return internet ? [inside, ...outside] : [inside];
};

/** Whether the host's firewall drops forwarded packets by default. Reads only. */
export const dropsForwarded = async (host: Executor, options: ExecOptions): Promise<boolean> => {
  const { exitCode, stdout } = await host.exec(cmd('iptables', '-w', '-S', 'FORWARD'), options);
  return exitCode === 0 && stdout.includes('-P FORWARD DROP');
};

const hasRule = async (host: Executor, rule: readonly string[], options: ExecOptions): Promise<boolean> =>
  (await host.exec(cmd('iptables', '-w', '-C', 'FORWARD', ...rule), options)).exitCode === 0;

/** Whether all rules exist. Reads only. */
export const isFirewallOpen = async (
  host: Executor,
  input: FirewallInput,
  options: ExecOptions,
): Promise<boolean> => {
  for (const rule of forwardRules(input)) if (!(await hasRule(host, rule, options))) return false;
  return true;
};

/** Inserts the missing rules at the top. Throws HOST_UNFIT when iptables refuses. */
export const openFirewall = async (
  host: Executor,
  input: FirewallInput,
  options: ExecOptions,
): Promise<void> => {
  for (const rule of forwardRules(input)) {
    if (await hasRule(host, rule, options)) continue;
    const insert = cmd('iptables', '-w', '-I', 'FORWARD', ...rule);
    await checked(host, 'the host', insert, { ...options, code: 'HOST_UNFIT' });
  }
};

/** Words of a line of `iptables -S`, which quotes comments. */
const wordsOf = (line: string): readonly string[] =>
  (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));

/** Removes every rule with the mark, whether recorded or not. */
export const closeFirewall = async (host: Executor, mark: string, options: ExecOptions): Promise<void> => {
  const { exitCode, stdout } = await host.exec(cmd('iptables', '-w', '-S', 'FORWARD'), options);
  // A host without iptables has no such rules.
  if (exitCode !== 0) return;
  for (const [append, ...rule] of stdout.split('\n').map(wordsOf)) {
    if (append !== '-A' || !rule.includes(mark)) continue;
    const remove = cmd('iptables', '-w', '-D', ...rule);
    await checked(host, 'the host', remove, { ...options, code: 'HOST_UNFIT' });
  }
};

export interface TableInput {
  readonly table: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly internet: boolean;
}

/** Packets between machines of the lab never match: with br_netfilter, they pass these chains too. */
const out = (bridge: string): string => `iifname "${bridge}" oifname != "${bridge}"`;
const back = (bridge: string): string => `iifname != "${bridge}" oifname "${bridge}"`;

const nat = ({ bridge, subnet }: TableInput): string => `
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
  }`;

const forward = ({ bridge, internet }: TableInput): string => `
  chain forward {
    type filter hook forward priority filter; policy accept;
    ${out(bridge)} ${internet ? 'accept' : 'reject'}
    ${internet ? `${back(bridge)} ct state established,related accept` : ''}
    ${back(bridge)} reject
  }`;

/**
 * The lab's table for `nft -f -`; replaces an existing one in one transaction. With internet, connections from machines
 * are masqueraded and connections to machines are rejected; without, nothing is forwarded from or to them.
 */
export const renderRules = (input: TableInput): string => `add table ip ${input.table}
delete table ip ${input.table}
table ip ${input.table} {${forward(input)}${input.internet ? nat(input) : ''}
}
`;
