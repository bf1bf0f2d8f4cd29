import type { ClassConfig, VolumeConfig } from './config.js';
import type { RawLab } from './schema.js';

const SHARED = { mode: 'shared', volumeType: 'hostPath', binding: 'WaitForFirstConsumer' } as const;

/** The StorageClasses: those of the list, else the only one, on the first volume. A lone class is the default one. */
export const settleClasses = (
  { storage }: RawLab,
  volumes: readonly VolumeConfig[],
): readonly ClassConfig[] => {
  const first = volumes[0]?.name ?? '';
  const { classes, class: name, reclaim } = storage;
  if (classes.length === 0) return [{ name, volume: first, ...SHARED, default: true, reclaim }];
  return classes.map((item) => ({
    name: item.name,
    volume: item.volume ?? first,
    mode: item.mode,
    volumeType: item.volumeType,
    binding: item.binding,
    default: item.default ?? classes.length === 1,
    reclaim: item.reclaim,
  }));
};
