import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';

/** Who the rules are for. */
export interface FirewallInput {
  readonly bridge: string;
  readonly mark: string;
  readonly internet: boolean;
}

const ESTABLISHED = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];

/**
 * Rules of the chain FORWARD. Docker and ufw set its policy to DROP; with br_netfilter that even cuts machines of one
 * bridge off from each other, and an `accept` in a table of our own does not help.
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

/** Puts the rules in front unless they are there. */
export const openFirewall = async (
  host: Executor,
  input: FirewallInput,
  options: ExecOptions,
): Promise<void> => {
  for (const rule of forwardRules(input)) {
    const found = await host.exec(cmd('iptables', '-w', '-C', 'FORWARD', ...rule), options);
    if (found.exitCode !== 0) await host.exec(cmd('iptables', '-w', '-I', 'FORWARD', ...rule), options);
  }
};

/** Takes the rules away; those that are not there are no error. */
export const closeFirewall = async (
  host: Executor,
  input: FirewallInput,
  options: ExecOptions,
): Promise<void> => {
  for (const rule of forwardRules({ ...input, internet: true })) {
    await host.exec(cmd('iptables', '-w', '-D', 'FORWARD', ...rule), options);
  }
};
