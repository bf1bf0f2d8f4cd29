import type { Problem } from './problem.js';
import type { RawLab } from './schema.js';
import { nodeItems } from './settle-nodes.js';
import { machineRoom, parseRange, rangesOverlap } from '../util/subnet.js';

/** Ranges that k3s gives to pods and services unless told otherwise. */
const K3S_RANGES = { 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16' } as const;

const overlapping = (subnet: string, { server }: RawLab['k3s']): string[] => {
  const range = parseRange(subnet);
  return Object.entries(K3S_RANGES).flatMap(([key, usual]) => {
    const used = String(server[key] ?? usual).split(',');
    const clash = used.find((cidr) => {
      const other = parseRange(cidr.trim());
      return range !== undefined && other !== undefined && rangesOverlap(range, other);
    });
    return clash === undefined ? [] : [`${subnet} shares addresses with ${clash}, the ${key} of k3s`];
  });
};

/** Whether the lab's range holds all machines and leaves those of k3s alone. */
export const judgeNetwork = (raw: RawLab): Problem[] => {
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
  const message = `${subnet} has room for ${room} machines, the lab has ${count} (take a larger range)`;
  return [...clashes, { path, message, reads: ['nodes'] }];
};
