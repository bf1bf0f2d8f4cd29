const BEGIN = '# kglab: begin (this block is kept by kglab)';
const END = '# kglab: end';

/** The line as it is, without the names if it maps them to loopback, or nothing if it maps no others. */
const withoutLoops = (line: string, names: ReadonlySet<string>): readonly string[] => {
  const [address = '', ...aliases] = line.trim().split(/\s+/);
  const others = aliases.filter((alias) => !names.has(alias));
  if (!address.startsWith('127.') || others.length === aliases.length) return [line];
  return others.length === 0 ? [] : [[address, ...others].join(' ')];
};

/**
 * The text of /etc/hosts with the lab's names in a block of its own. Those names are taken out of loopback entries
 * (Debian and Ubuntu write `127.0.1.1 <host>`): Gluster would hand that address to its peers.
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
