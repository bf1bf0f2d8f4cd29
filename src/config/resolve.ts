import type { ClassConfig, LabConfig, NodeConfig, Role, VolumeConfig } from './config.js';
import { resolveVolumes } from './resolve-volumes.js';
import { machineName } from './roles.js';
import type { RawLab } from './schema.js';

type NodeItem = Exclude<RawLab['nodes'], number>[number];

/** The nodes as a list, also if the file has only their number. */
export const nodeItems = ({ nodes }: Pick<RawLab, 'nodes'>): readonly NodeItem[] =>
  typeof nodes === 'number'
    ? Array.from({ length: nodes }, (_, index) => ({ name: `node${index + 1}` }))
    : nodes;

const ORDER: readonly Role[] = ['server', 'agent', 'storage'];

/**
 * Fills in missing roles. The first node without roles becomes the server unless a node is listed as server; the others
 * become agents. All nodes without roles get the role storage unless a node is listed with it.
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
const resolveNodes = (raw: RawLab): readonly NodeConfig[] => {
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

const SHARED = { mode: 'shared', volumeType: 'hostPath', binding: 'WaitForFirstConsumer' } as const;

/** The classes of the list, or one class on the first volume. A single class is the default class. */
const resolveClasses = ({ storage }: RawLab, volumes: readonly VolumeConfig[]): readonly ClassConfig[] => {
  const first = volumes[0]?.name ?? '';
  const { classes, class: name, reclaim } = storage;
  if (classes.length === 0) return [{ name, volume: first, ...SHARED, default: true, reclaim }];
  return classes.map((item) => ({
    name: item.name,
    volume: item.volume ?? first,
    mode: item.mode,
    volumeType: item.volumeType,
    binding: item.binding,
    default: item.default ?? classes.length === 1,
    reclaim: item.reclaim,
  }));
};

/** The local-path-provisioner that k3s brings would conflict with kglab's. */
const ALWAYS_DISABLED = 'local-storage';

const resolveK3s = ({ version, disable, server, agent, artifacts }: RawLab['k3s']): LabConfig['k3s'] => ({
  version,
  disable: [...new Set([...disable, ALWAYS_DISABLED])],
  serverConfig: server,
  agentConfig: agent,
  artifacts,
});

const resolveSmoke = ({ enabled, image, namespace, timeout }: RawLab['smoke']): LabConfig['smoke'] => ({
  enabled,
  image,
  namespace,
  timeoutSeconds: timeout,
});

/** Resolves what a lab file leaves open: names, roles, bricks, mount points. Checks nothing, never throws. */
export const resolveLab = (raw: RawLab): LabConfig => {
  const nodes = resolveNodes(raw);
  const volumes = resolveVolumes(raw, nodes);
  const { image, helperImage, namespace } = raw.storage.provisioner;
  return {
    name: raw.name,
    provider: raw.provider,
    image: raw.image,
    nodes,
    volumes,
    classes: resolveClasses(raw, volumes),
    k3s: resolveK3s(raw.k3s),
    provisioner: { image, helperImage, namespace },
    smoke: resolveSmoke(raw.smoke),
    network: { subnet: raw.network.subnet, internet: raw.network.internet },
  };
};
