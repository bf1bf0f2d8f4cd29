import type { ClassConfig, LabConfig, NodeConfig, Role, VolumeConfig } from './config.js';
import { resolveVolumes } from './resolve-volumes.js';
import { machineName } from './roles.js';
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

/** The StorageClasses: those of the list, else the only one, on the first volume. A lone class is the default one. */
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

/** k3s' own local-path-provisioner would fight with the one that kglab sets up. */
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

/** Resolves what a lab file leaves open: names, roles, bricks, mount points. Total: it judges nothing. */
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
