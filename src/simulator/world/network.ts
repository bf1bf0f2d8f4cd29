import type { FileNode, SimMachine, SimWorld } from './world.js';

const tables = new WeakMap<FileNode, ReadonlyMap<string, string>>();

const parseHosts = (text: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const name of names) if (!found.has(name)) found.set(name, address);
  }
  return found;
};

const hostsOf = (machine: SimMachine): ReadonlyMap<string, string> => {
  const file = machine.disk['/etc/hosts'];
  if (file === undefined) return new Map();
  const table = tables.get(file) ?? parseHosts(file.text);
  tables.set(file, table);
  return table;
};

/** The address of a name, from the machine's /etc/hosts only. */
export const resolve = (machine: SimMachine, name: string): string | undefined =>
  /^[\d.]+$/.test(name) ? name : hostsOf(machine).get(name);

/** The first name of an address in the machine's /etc/hosts. */
export const nameOf = (machine: SimMachine, address: string): string =>
  [...hostsOf(machine)].find(([, found]) => found === address)?.[0] ?? address;

const isCut = ({ cuts, time }: SimWorld, one: string, other: string): boolean =>
  cuts.some(
    ({ between: [a, b], until }) =>
      until > time && ((a === one && b === other) || (a === other && b === one)),
  );

/** Whether two running machines reach each other. */
export const connected = (world: SimWorld, from: SimMachine, to: SimMachine): boolean =>
  from.running !== undefined &&
  to.running !== undefined &&
  (from === to || world.cuts.length === 0 || !isCut(world, from.spec.name, to.spec.name));

const byAddress = ({ machines }: SimWorld, address: string): SimMachine | undefined =>
  Object.values(machines).find((machine) => machine.address === address && machine.running !== undefined);

/** The machine that answers to a name; undefined if the name is unknown or no machine answers. */
export const reach = (world: SimWorld, from: SimMachine, name: string): SimMachine | undefined => {
  if (name === 'localhost') return from;
  const address = resolve(from, name);
  if (address === undefined) return undefined;
  if (address.startsWith('127.')) return from;
  const hinted = world.machines[name];
  const found = hinted?.address === address && hinted.running ? hinted : byAddress(world, address);
  return found && connected(world, from, found) ? found : undefined;
};
