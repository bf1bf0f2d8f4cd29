const BEGIN = '# kglab: begin (this block is kept by kglab)';
const END = '# kglab: end';

/**
 * The text of /etc/hosts with the lab's names in a block of its own. Loopback entries of those names (Debian and
 * Ubuntu write `127.0.1.1 <host>`) are taken out: Gluster would hand them to its peers.
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
    const [address = '', ...aliases] = line.trim().split(/\s+/);
    const loops = address.startsWith('127.') && aliases.some((alias) => names.has(alias));
    if (!inside && !loops) kept.push(line);
    if (line === END) inside = false;
  }
  const base = kept.join('\n').trimEnd();
  const block = hosts.map(({ name, address }) => `${address} ${name}`);
  return [base, BEGIN, ...block, END, ''].join('\n');
};
