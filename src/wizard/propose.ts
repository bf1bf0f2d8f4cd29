import type { Answers } from './answers.js';
import type { HostFacts } from './host-facts.js';

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
