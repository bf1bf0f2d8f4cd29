import type { NodeConfig, VolumeConfig, VolumeProfile } from './config.js';
import type { Path } from './problem.js';
import type { RawLab } from './schema.js';
import { VOLUME_TYPES, type ShapeItem, type VolumeType } from './volume-types.js';

/** A volume as written: an item of the list, or the keys that describe a single volume. */
export interface VolumeItem extends ShapeItem {
  readonly type: VolumeType;
  readonly profile: VolumeProfile;
  readonly quota: boolean;
  readonly nodes?: readonly string[] | undefined;
  readonly mount?: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  /** The place of a key in the lab file. */
  at(key: 'name' | 'type' | 'replica' | 'disperse' | 'redundancy' | 'nodes' | 'mount'): Path;
}

/** The volumes as a list, in whichever form the file has them. */
export const volumeItems = ({ gluster, storage }: RawLab): readonly VolumeItem[] => {
  if (gluster.volumes.length > 0) {
    return gluster.volumes.map((volume, index) => ({
      ...volume,
      at: (key) =>
        key === 'mount' && volume.mount === undefined
          ? ['storage', 'path']
          : ['gluster', 'volumes', index, key],
    }));
  }
  const { volume: name, type, replica, disperse, redundancy, profile, quota, options } = gluster;
  const places: Partial<Record<string, Path>> = {
    name: ['gluster', 'volume'],
    nodes: ['nodes'],
    mount: ['storage', 'path'],
  };
  const shape = { name, type, replica, disperse, redundancy, profile, quota, options };
  return [{ ...shape, mount: storage.path, at: (key) => places[key] ?? ['gluster', key] }];
};

/** Names of the nodes that a volume may use. */
export const candidatesOf = ({ nodes: named }: VolumeItem, nodes: readonly NodeConfig[]): readonly string[] =>
  named ?? nodes.filter(({ roles }) => roles.includes('storage')).map(({ name }) => name);

/** Volumes with their bricks: on all nodes they may use, as many as make complete sets. */
export const resolveVolumes = (raw: RawLab, nodes: readonly NodeConfig[]): readonly VolumeConfig[] =>
  volumeItems(raw).map((item, index) => {
    const candidates = candidatesOf(item, nodes);
    const type = VOLUME_TYPES[item.type];
    const replica = type.setSize(item, candidates.length);
    return {
      name: item.name,
      type: item.type,
      replica,
      redundancy: type.redundancy(item, replica),
      profile: item.profile,
      quota: item.quota,
      nodes: candidates.slice(0, candidates.length - (candidates.length % replica)),
      brick: `${raw.gluster.brick}/${item.name}`,
      mount: item.mount ?? (index === 0 ? raw.storage.path : `${raw.storage.path}-${item.name}`),
      options: item.options,
    };
  });
