import type { LabConfig, VolumeConfig } from '../config/config.js';
import { brickMachines } from '../config/roles.js';
import { VOLUME_TYPES, type SetShape, type VolumeType } from '../config/volume-types.js';
import { COPIES_OPTIONS, PROFILES } from './profiles.js';

/** A brick: a directory of a machine that holds a replica. */
export interface Brick {
  readonly machine: string;
  readonly path: string;
}

/** A Gluster volume as the plan wants it. */
export interface VolumeSpec extends SetShape {
  readonly name: string;
  readonly type: VolumeType;
  readonly bricks: readonly Brick[];
  /** Whether directories may have a size limit. */
  readonly quota: boolean;
  /** Those of the profile and of lab.yaml. */
  readonly options: Readonly<Record<string, string>>;
}

/** A volume as the plan wants it. */
export const volumeSpec = (config: LabConfig, volume: VolumeConfig): VolumeSpec => ({
  name: volume.name,
  type: volume.type,
  replica: volume.replica,
  redundancy: volume.redundancy,
  quota: volume.quota,
  bricks: brickMachines(config, volume).map((machine) => ({ machine, path: volume.brick })),
  options: {
    ...(VOLUME_TYPES[volume.type].heals(volume) ? COPIES_OPTIONS : {}),
    ...PROFILES[volume.profile],
    ...volume.options,
  },
});
