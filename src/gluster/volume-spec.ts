import type { LabConfig, VolumeConfig, VolumeProfile, VolumeType } from '../config/config.js';
import { brickMachines, glusterMachine } from '../config/roles.js';
import type { Volume } from './parse.js';

/** A brick: a directory of a machine that holds a replica. */
export interface Brick {
  readonly machine: string;
  readonly path: string;
}

/** A brick as Gluster writes it. */
export const nameOf = ({ machine, path }: Brick): string => `${machine}:${path}`;

/** A Gluster volume as the plan wants it. */
export interface VolumeSpec {
  readonly name: string;
  readonly type: VolumeType;
  /** Bricks in one set. */
  readonly replica: number;
  /** Bricks of a disperse set that may be lost; 0 for other types. */
  readonly redundancy: number;
  readonly bricks: readonly Brick[];
  /** Whether directories may have a size limit. */
  readonly quota: boolean;
  /** Those of the profile and of lab.yaml. */
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Options of the profiles. `database` is the group db-workload of GlusterFS 10 (extras/group-db-workload), written out
 * so that `up` can see whether they are set: no cache of a client may answer for a file that another node has locked
 * and changed. Mounts keep no attributes in either profile.
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
 * Options of a volume with copies. A write that one brick refused (its disk or its limit is full) is made good when
 * the index of such writes is gone through, which Gluster does every 600 s by itself; in a lab somebody is waiting.
 * 60 s is the least that a disperse volume takes (GlusterFS 10).
 */
export const COPIES_OPTIONS: Readonly<Record<string, string>> = { 'cluster.heal-timeout': '60' };

/** Options of a volume whose directories have limits: df shows them, and they are looked at with every write. */
export const QUOTA_OPTIONS: Readonly<Record<string, string>> = {
  'features.quota-deem-statfs': 'on',
  'features.soft-timeout': '0',
  'features.hard-timeout': '0',
};

const hasCopies = ({ type, replica }: VolumeConfig): boolean => type === 'disperse' || replica > 1;

/** A volume as the plan wants it. */
export const volumeSpec = (config: LabConfig, volume: VolumeConfig): VolumeSpec => ({
  name: volume.name,
  type: volume.type,
  replica: volume.replica,
  redundancy: volume.redundancy,
  quota: volume.quota,
  bricks: brickMachines(config, volume).map((machine) => ({ machine, path: volume.brick })),
  options: {
    ...(hasCopies(volume) ? COPIES_OPTIONS : {}),
    ...PROFILES[volume.profile],
    ...volume.options,
  },
});

/** A planned volume, and the machine on which Gluster is asked about it. */
export interface PlannedVolume {
  readonly volume: VolumeSpec;
  readonly from: string;
}

/** The volumes that lab.yaml names. */
export const plannedVolumes = (config: LabConfig): readonly PlannedVolume[] =>
  config.volumes.map((volume) => ({ volume: volumeSpec(config, volume), from: glusterMachine(config) }));

const typeOf = ({ arbiter, disperse, replica }: Volume): VolumeSpec['type'] => {
  if (arbiter > 0) return 'arbiter';
  if (disperse > 0) return 'disperse';
  return replica > 1 ? 'replica' : 'distribute';
};

/** A volume that the pool has, as if it had been planned. */
export const specOf = (found: Volume): VolumeSpec => ({
  name: found.name,
  type: typeOf(found),
  replica: found.disperse || found.replica || 1,
  redundancy: found.redundancy,
  quota: false,
  options: {},
  bricks: found.bricks.map((brick) => {
    const colon = brick.indexOf(':');
    return { machine: brick.slice(0, colon), path: brick.slice(colon + 1) };
  }),
});
