import type { VolumeType } from '../config/volume-types.js';
import type { ProviderId } from '../providers/registry.js';

/** Everything that the wizard asks. */
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

/** Machines that carry bricks when these are not on the Kubernetes nodes: one replica set. */
export const STORAGE_MACHINES = 3;

/** Machines that the answers make, all in all. */
export const machinesOf = ({ nodes, storage }: Pick<Answers, 'nodes' | 'storage'>): number =>
  storage === 'own' ? nodes + STORAGE_MACHINES : nodes;

/** A provider, and what stands in its way on this host. */
export interface ProviderFact {
  readonly id: ProviderId;
  readonly usable: boolean;
  /** Why it is not usable, or what it would take. */
  readonly because: string;
}

/** What the wizard knows of the host that the lab is for. */
export interface HostFacts {
  readonly providers: readonly ProviderFact[];
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly freeDiskGiB: number;
}

/** What the host keeps for itself: half of its memory on a small one, and never less than this (MiB). */
const HOST_MIB = 3 * 1024;
/** Memory of a node (MiB) that runs k3s, glusterd and a brick with room for a few pods; measured idle: 0.5 GiB. */
const SMALL_MIB = 1024;
const LARGE_MIB = 4096;
/** Disk for the image, k3s and its images in one machine, in GiB. */
const DISK_GIB = 4;

const NODES = 3;

/** Memory for each of `count` machines, in steps of 512 MiB, between a small and a large node. */
export const memoryFor = ({ memoryMiB }: Pick<HostFacts, 'memoryMiB'>, count: number): number => {
  const free = memoryMiB - Math.max(HOST_MIB, memoryMiB * 0.4);
  const each = Math.floor(free / count / 512) * 512;
  return Math.min(LARGE_MIB, Math.max(SMALL_MIB, each));
};

/** Whether so many machines fit at all. */
export const fits = ({ memoryMiB, freeDiskGiB }: HostFacts, count: number): boolean =>
  memoryMiB - HOST_MIB >= count * SMALL_MIB && freeDiskGiB >= count * DISK_GIB;

/** What fits this host: three nodes with everything on each, or a single one where three do not fit. */
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
