import type { LabConfig, VolumeConfig, VolumeProfile } from '../config/config.js';
import { brickMachines, glusterMachine } from '../config/roles.js';
import { shapeOf, VOLUME_TYPES, type SetShape, type VolumeType } from '../config/volume-types.js';
import type { Volume } from './parse.js';

/** A brick: a directory on a machine that holds part of a volume. */
export interface Brick {
  readonly machine: string;
  readonly path: string;
}

/** A brick in Gluster's notation: `machine:/path`. */
export const nameOf = ({ machine, path }: Brick): string => `${machine}:${path}`;

/** A Gluster volume as lab.yaml wants it. */
export interface VolumeSpec extends SetShape {
  readonly name: string;
  readonly type: VolumeType;
  readonly bricks: readonly Brick[];
  /** Whether directories may have quotas. */
  readonly quota: boolean;
  /** Those of the profile and of lab.yaml. */
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Options of the profiles. `database` is the group db-workload of GlusterFS 10 (extras/group-db-workload), written out
 * so that `up` can check each of them: no client cache may answer for a file that another node has locked and changed.
 * Mounts cache no attributes in either profile.
 */
export const PROFILES: Readonly<Record<VolumeProfile, Readonly<Record<string, string>>>> = {
  default: {},
  database: {
    'performance.open-behind': 'on',
    'performance.write-behind': 'off',
    'performance.stat-prefetch': 'off',
    'performance.quick-read': 'off',
    'performance.strict-o-direct': 'on',
    'performance.read-ahead': 'off',
    'performance.io-cache': 'off',
    'performance.readdir-ahead': 'off',
    'performance.client-io-threads': 'on',
    'server.event-threads': '4',
    'client.event-threads': '4',
    'performance.read-after-open': 'yes',
  },
};

/**
 * Options of a volume with copies. When a brick refuses a write (disk or quota full), self-heal repairs it later, by
 * default every 600 s, too long for a person who waits. 60 s is the minimum for disperse volumes (GlusterFS 10).
 */
export const COPIES_OPTIONS: Readonly<Record<string, string>> = { 'cluster.heal-timeout': '60' };

/** The wanted Gluster volume for a volume of lab.yaml. */
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

/** A volume of lab.yaml and the machine that runs the gluster commands for it. */
export interface PlannedVolume {
  readonly volume: VolumeSpec;
  readonly from: string;
}

/** The volumes that lab.yaml names. */
export const plannedVolumes = (config: LabConfig): readonly PlannedVolume[] =>
  config.volumes.map((volume) => ({ volume: volumeSpec(config, volume), from: glusterMachine(config) }));

/** The spec of a volume that exists in the pool but not in lab.yaml. */
export const specOf = (found: Volume): VolumeSpec => ({
  name: found.name,
  ...shapeOf(found),
  quota: false,
  options: {},
  bricks: found.bricks.map((brick) => {
    const colon = brick.indexOf(':');
    return { machine: brick.slice(0, colon), path: brick.slice(colon + 1) };
  }),
});
