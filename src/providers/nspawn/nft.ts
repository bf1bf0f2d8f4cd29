export interface RulesInput {
  readonly table: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly internet: boolean;
}

/** What passes between machines of the lab stays untouched (a bridge may be filtered, too, when br_netfilter is on). */
const out = (bridge: string): string => `iifname "${bridge}" oifname != "${bridge}"`;
const back = (bridge: string): string => `iifname != "${bridge}" oifname "${bridge}"`;

const nat = ({ bridge, subnet }: RulesInput): string => `
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
  }`;

const forward = ({ bridge, internet }: RulesInput): string => `
  chain forward {
    type filter hook forward priority filter; policy accept;
    ${out(bridge)} ${internet ? 'accept' : 'reject'}
    ${internet ? `${back(bridge)} ct state established,related accept` : ''}
    ${back(bridge)} reject
  }`;

/**
 * The lab's table for `nft -f -`: replaces the one that is there in one transaction. With internet, machines go out
 * under the host's address and nobody gets in; without, nothing is forwarded from or to them.
 */
export const renderRules = (input: RulesInput): string => `add table ip ${input.table}
delete table ip ${input.table}
table ip ${input.table} {${forward(input)}${input.internet ? nat(input) : ''}
}
`;
