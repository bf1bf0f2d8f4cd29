import { machineInfos, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { readFile, writeFile } from '../../guest/files.js';

interface Input {
  readonly machine: string;
  /** All machines of the lab. */
  readonly names: readonly string[];
}

const BEGIN = '# kglab: begin (this block is kept by kglab)';
const END = '# kglab: end';

/** A line of /etc/hosts without `names` if it maps them to loopback; no line if no other names are left. */
const withoutLoops = (line: string, names: ReadonlySet<string>): readonly string[] => {
  const [address = '', ...aliases] = line.trim().split(/\s+/);
  const others = aliases.filter((alias) => !names.has(alias));
  if (!address.startsWith('127.') || others.length === aliases.length) return [line];
  return others.length === 0 ? [] : [[address, ...others].join(' ')];
};

/**
 * The text of /etc/hosts with a block for the lab's names. They are removed from loopback entries (Debian and Ubuntu
 * write `127.0.1.1 <host>`), because Gluster would give that address to its peers.
 */
export const withLabHosts = (
  text: string,
  hosts: readonly { readonly name: string; readonly address: string }[],
): string => {
  const names = new Set(hosts.map(({ name }) => name));
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    if (line === BEGIN) inside = true;
    if (!inside) kept.push(...withoutLoops(line, names));
    if (line === END) inside = false;
  }
  const base = kept.join('\n').trimEnd();
  const block = hosts.map(({ name, address }) => `${address} ${name}`);
  return [base, BEGIN, ...block, END, ''].join('\n');
};

const wantedHosts = async (
  names: readonly string[],
  context: StepContext,
): Promise<{ name: string; address: string }[]> => {
  const known = await machineInfos(context);
  return names.flatMap((name) => {
    const address = known.find((info) => info.name === name)?.address;
    return address === undefined ? [] : [{ name, address }];
  });
};

const assertComplete = (names: readonly string[], hosts: readonly { name: string }[]): void => {
  const lost = names.filter((name) => !hosts.some((host) => host.name === name));
  if (lost.length === 0) return;
  throw new CliError('MACHINE_UNREACHABLE', `No address is known for ${lost.join(', ')}.`, {
    hint: 'See the machines: kglab status\nThen run `kglab up` again.',
  });
};

/** The machine resolves the names of all machines, and none of them to loopback. */
export const writeHostsFile = defineStep<Input>({
  kind: 'machines.hosts',
  inputs: ({ nodes }) => {
    const names = nodes.map(({ machine }) => machine);
    return names.map((machine) => ({ machine, names }));
  },
  target: ({ machine }) => machine,
  title: ({ machine }) => `Write /etc/hosts on ${machine}`,
  needs: ({ machine, names }) => [
    `machines.ready:${machine}`,
    ...names.map((name) => `machines.create:${name}`),
  ],
  probe: async ({ machine, names }, context) => {
    const hosts = await wantedHosts(names, context);
    assertComplete(names, hosts);
    const text = (await readFile(context.machine(machine), '/etc/hosts', context)) ?? '';
    return text === withLabHosts(text, hosts)
      ? satisfied
      : pending('the entries of the lab are missing or outdated');
  },
  apply: async ({ machine, names }, context) => {
    const hosts = await wantedHosts(names, context);
    const text = (await readFile(context.machine(machine), '/etc/hosts', context)) ?? '';
    await writeFile(context.machine(machine), '/etc/hosts', withLabHosts(text, hosts), {
      mode: '0644',
      signal: context.signal,
    });
  },
});
