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
