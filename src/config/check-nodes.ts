import type { NodeConfig } from './config.js';
import { HOST_NAME_MAX } from './text-fields.js';
import { nameTaken, type Path, type Problem } from './problem.js';
import type { RawLab } from './schema.js';

const NAMES = ['name', 'nodes.*.name'];
const ROLES = ['nodes.*.roles'];

type Locate = (index: number, key: string) => Path;

const nameProblem = (nodes: readonly NodeConfig[], index: number): string | undefined => {
  const { name, machine } = nodes[index] as NodeConfig;
  if (nodes.findIndex((other) => other.name === name) < index) return nameTaken(name, 'node');
  const twin = nodes.find((other) => other.machine === name);
  if (twin !== undefined)
    return `${name} is already the machine name of node ${twin.name} (choose another name)`;
  if (machine.length <= HOST_NAME_MAX) return undefined;
  return `host name ${machine} is ${machine.length} characters long, the limit is ${HOST_NAME_MAX} (shorten the name)`;
};

const checkNames = (nodes: readonly NodeConfig[], at: Locate): Problem[] =>
  nodes.flatMap((_, index) => {
    const message = nameProblem(nodes, index);
    return message === undefined ? [] : [{ path: at(index, 'name'), message, reads: NAMES }];
  });

const checkServers = (nodes: readonly NodeConfig[], at: Locate): Problem[] => {
  const servers = nodes.flatMap(({ roles }, index) => (roles.includes('server') ? [index] : []));
  if (servers.length === 0) {
    return [
      { path: ['nodes'], message: 'no node is a server (give one node the role server)', reads: ROLES },
    ];
  }
  return servers.slice(1).map((index) => ({
    path: at(index, 'roles'),
    message: `only one server is supported, and node ${nodes[servers[0] ?? 0]?.name} is the server (give this node the role agent)`,
    reads: ROLES,
  }));
};

const checkRoles = (nodes: readonly NodeConfig[], at: Locate): Problem[] => {
  const doubled = nodes.flatMap(({ roles }, index) =>
    roles.includes('server') && roles.includes('agent') ? [index] : [],
  );
  return doubled.map((index) => ({
    path: at(index, 'roles'),
    message: 'a node cannot be both server and agent (remove agent: a server runs pods too)',
    reads: ROLES,
  }));
};

const checkStorage = (nodes: readonly NodeConfig[]): Problem[] =>
  nodes.some(({ roles }) => roles.includes('storage'))
    ? []
    : [
        {
          path: ['nodes'],
          message: 'no node has the role storage (add it to the nodes that should hold bricks)',
          reads: ROLES,
        },
      ];

/** Checks nodes against each other: duplicate or too long names, and roles that are missing or conflict. */
export const checkNodes = (raw: RawLab, nodes: readonly NodeConfig[]): Problem[] => {
  const isList = typeof raw.nodes !== 'number';
  const at: Locate = (index, key) => (isList ? ['nodes', index, key] : [key === 'name' ? 'name' : 'nodes']);
  const names = checkNames(nodes, at);
  return [
    // With a count, all names are too long for the same reason: report it once.
    ...(isList ? names : names.slice(0, 1)),
    ...checkServers(nodes, at),
    ...checkRoles(nodes, at),
    ...checkStorage(nodes),
  ];
};
