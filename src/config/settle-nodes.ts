import type { NodeConfig, Role } from './config.js';
import { machineName } from './names.js';
import type { RawLab } from './schema.js';

type NodeItem = Exclude<RawLab['nodes'], number>[number];

/** The nodes as a list, whether the file has a count or one. */
export const nodeItems = ({ nodes }: Pick<RawLab, 'nodes'>): readonly NodeItem[] =>
  typeof nodes === 'number'
    ? Array.from({ length: nodes }, (_, index) => ({ name: `node${index + 1}` }))
    : nodes;

const ORDER: readonly Role[] = ['server', 'agent', 'storage'];

/**
 * Gives nodes without roles theirs: the first of them is the server unless a node says it is one, the others are
 * agents; and all of them carry bricks unless a node says that it does.
 */
const rolesOf = (items: readonly NodeItem[]): readonly (readonly Role[])[] => {
  const isNamed = (role: Role): boolean => items.some(({ roles }) => roles?.includes(role));
  const server = isNamed('server') ? undefined : items.find(({ roles }) => roles === undefined);
  const extra: readonly Role[] = isNamed('storage') ? [] : ['storage'];
  return items.map((item) => {
    const roles: readonly Role[] = item.roles ?? [item === server ? 'server' : 'agent', ...extra];
    return ORDER.filter((role) => roles.includes(role));
  });
};

/** The machines of a lab, with roles and sizes. */
export const settleNodes = (raw: RawLab): readonly NodeConfig[] => {
  const items = nodeItems(raw);
  const roles = rolesOf(items);
  return items.map(({ name, cpus, memory, disk }, index) => ({
    name,
    machine: machineName(raw.name, name),
    roles: roles[index] ?? [],
    cpus: cpus ?? raw.machine.cpus,
    memoryMiB: memory ?? raw.machine.memory,
    diskGiB: Math.ceil((disk ?? raw.machine.disk) / 1024),
  }));
};
