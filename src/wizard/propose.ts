import type { VolumeType } from '../config/volume-types.js';
import type { ProviderId } from '../providers/registry.js';

/** The answers to all questions of the wizard. */
export interface Answers {
  readonly name: string;
  readonly provider: ProviderId | 'auto';
  readonly nodes: number;
  readonly memoryMiB: number;
  readonly storage: 'shared' | 'own';
  readonly type: VolumeType;
  readonly reclaim: 'Delete' | 'Retain';
  readonly internet: 'auto' | 'off';
}

/** Number of separate storage machines: one replica set. */
export const STORAGE_MACHINES = 3;

/** Number of machines of the lab. */
export const machinesOf = ({ nodes, storage }: Pick<Answers, 'nodes' | 'storage'>): number =>
  storage === 'own' ? nodes + STORAGE_MACHINES : nodes;

/** A provider, and whether it can be used on this host. */
export interface ProviderFact {
  readonly id: ProviderId;
  readonly usable: boolean;
  /** Why it can or cannot be used. */
  readonly because: string;
}

/** What the wizard knows of this host. */
export interface HostFacts {
  readonly providers: readonly ProviderFact[];
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly freeDiskGiB: number;
}

/** Memory in MiB that the host keeps for itself at least; on a large host, {@link HOST_SHARE}. */
const HOST_MIB = 3 * 1024;
/** Share of its memory that the host keeps for itself. */
const HOST_SHARE = 0.4;
/** Least and most memory of a node in MiB: k3s, glusterd and a brick need 0.5 GiB idle (measured); pods need the rest. */
const SMALL_MIB = 1024;
const LARGE_MIB = 4096;
/** Disk space of one machine in GiB for its image, k3s and container images. */
const DISK_GIB = 4;

const NODES = 3;

/** Memory in MiB for each of `count` machines, in steps of 512 MiB. */
export const memoryFor = ({ memoryMiB }: Pick<HostFacts, 'memoryMiB'>, count: number): number => {
  const free = memoryMiB - Math.max(HOST_MIB, memoryMiB * HOST_SHARE);
  const each = Math.floor(free / count / 512) * 512;
  return Math.min(LARGE_MIB, Math.max(SMALL_MIB, each));
};

/** Whether this host has memory and disk space for `count` machines. */
export const fits = ({ memoryMiB, freeDiskGiB }: HostFacts, count: number): boolean =>
  memoryMiB - HOST_MIB >= count * SMALL_MIB && freeDiskGiB >= count * DISK_GIB;

/** Default answers for this host: three nodes with all roles, or one node if three do not fit. */
export const propose = (host: HostFacts): Answers => {
  const nodes = fits(host, NODES) ? NODES : 1;
  return {
    name: 'lab',
    provider: host.providers.find(({ usable }) => usable)?.id ?? 'auto',
    nodes,
    memoryMiB: memoryFor(host, nodes),
    storage: 'shared',
    type: 'replica',
    reclaim: 'Delete',
    internet: 'auto',
  };
};
