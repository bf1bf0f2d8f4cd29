import { machineRoom, parseRange, rangesOverlap } from '../util/subnet.js';
import { checkClasses } from './check-classes.js';
import { checkNodes } from './check-nodes.js';
import { checkPaths } from './check-paths.js';
import { checkVolumes } from './check-volumes.js';
import type { LabConfig } from './config.js';
import { dotted, valueAt, type Problem } from './problem.js';
import { nodeItems } from './resolve.js';
import type { RawLab } from './schema.js';

/** Keys that describe a single volume or class, and the list to use for several. */
const SHORTHANDS = [
  {
    list: ['gluster', 'volumes'],
    keys: ['volume', 'type', 'replica', 'disperse', 'redundancy', 'profile', 'quota', 'options'],
  },
  { list: ['storage', 'classes'], keys: ['class', 'reclaim'] },
] as const;

const checkShorthands = (data: Readonly<Record<string, unknown>>): Problem[] =>
  SHORTHANDS.filter(({ list }) => (valueAt(data, list) as readonly unknown[] | undefined)?.length).flatMap(
    ({ list, keys }) =>
      keys
        .map((key) => [list[0], key])
        .filter((path) => valueAt(data, path) !== undefined)
        .map((path) => ({
          path,
          atKey: true,
          message: `${dotted(path)} cannot be combined with ${dotted(list)} (move it into the list)`,
        })),
  );

const checkNamespaces = ({ smoke, storage }: RawLab): Problem[] =>
  smoke.namespace === storage.provisioner.namespace
    ? [
        {
          path: ['smoke', 'namespace'],
          message: `namespace ${smoke.namespace} belongs to the provisioner and would be removed after the smoke test (choose another namespace)`,
        },
      ]
    : [];

/** Default ranges of k3s for pods and services. */
const K3S_RANGES = { 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16' } as const;

const overlapping = (subnet: string, { server }: RawLab['k3s']): string[] => {
  const range = parseRange(subnet);
  return Object.entries(K3S_RANGES).flatMap(([key, usual]) => {
    const used = String(server[key] ?? usual).split(',');
    const clash = used.find((cidr) => {
      const other = parseRange(cidr.trim());
      return range !== undefined && other !== undefined && rangesOverlap(range, other);
    });
    return clash === undefined ? [] : [`${subnet} overlaps ${clash}, the ${key} of k3s`];
  });
};

/** Checks that the lab's range has room for all machines and does not overlap those of k3s. */
const checkNetwork = (raw: RawLab): Problem[] => {
  const { subnet } = raw.network;
  if (subnet === undefined) return [];
  const path = ['network', 'subnet'];
  const range = parseRange(subnet);
  const room = range === undefined ? 0 : machineRoom(range);
  const count = nodeItems(raw).length;
  const clashes = overlapping(subnet, raw.k3s).map((what) => ({
    path,
    message: `${what} (e.g. 10.77.0.0/24)`,
    reads: ['k3s.server'],
  }));
  if (count <= room) return clashes;
  const message = `${subnet} has room for ${room} machines, but the lab has ${count} (use a larger range)`;
  return [...clashes, { path, message, reads: ['nodes'] }];
};

/** All checks that span several fields. `data` is the file as written, without defaults. */
export const checkLab = (data: Readonly<Record<string, unknown>>, raw: RawLab, lab: LabConfig): Problem[] => [
  ...checkShorthands(data),
  ...checkNodes(raw, lab.nodes),
  ...checkVolumes(raw, lab.nodes),
  ...checkPaths(data, raw, lab.volumes),
  ...checkClasses(lab.classes, lab.volumes),
  ...checkNetwork(raw),
  ...checkNamespaces(raw),
];
