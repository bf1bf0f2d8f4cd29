import type { VolumeType } from './config.js';
import type { Path } from './problem.js';
import { redundancyOf, type VolumeItem } from './settle-volumes.js';

/** Keys that only some types of volume know. */
const KEYS: Readonly<Record<'replica' | 'disperse' | 'redundancy', readonly VolumeType[]>> = {
  replica: ['replica', 'arbiter'],
  disperse: ['disperse'],
  redundancy: ['disperse'],
};

/** Keys of a volume that mean nothing for its type. */
export const foreignKeys = (item: VolumeItem): { path: Path; message: string }[] =>
  (Object.keys(KEYS) as (keyof typeof KEYS)[])
    .filter((key) => item[key] !== undefined && !KEYS[key].includes(item.type))
    .map((key) => ({
      path: item.at(key),
      message: `a ${item.type} volume knows no ${key} (drop the key, or say type: ${KEYS[key][0]})`,
    }));

interface Fault {
  /** The key that is to blame, if the file has it. */
  readonly key: 'replica' | 'disperse' | 'redundancy';
  readonly message: string;
}

const replicaFault = (item: VolumeItem, replica: number, labNodes: number): string | undefined => {
  if (replica === 2) {
    return `volume ${item.name} would be a two-way replica, which split brain tears apart (use 3 storage nodes, or type: arbiter with 3)`;
  }
  if (replica > 1 || item.replica !== undefined || labNodes === 1) return undefined;
  return `volume ${item.name} would have one copy only (use 3 storage nodes, or say replica: 1 if its loss is no harm)`;
};

/** Gluster wants more fragments with data than redundant ones: otherwise two halves could disagree. */
const disperseFault = (item: VolumeItem, size: number): Fault | undefined => {
  if (size < 3) {
    const message = `volume ${item.name} needs 3 nodes at least for its disperse sets, there are ${size} (add nodes)`;
    return { key: 'disperse', message };
  }
  const redundancy = redundancyOf(item, size);
  if (2 * redundancy < size) return undefined;
  const most = Math.ceil(size / 2) - 1;
  return {
    key: 'redundancy',
    message: `a disperse set of ${size} bricks can lose ${most} at most, not ${redundancy} (say redundancy: ${most}, or have more bricks)`,
  };
};

/** What is wrong with the sets of a volume, its type being what it is. */
export const typeFault = (item: VolumeItem, size: number, labNodes: number): Fault | undefined => {
  switch (item.type) {
    case 'distribute':
      return undefined;
    case 'disperse':
      return disperseFault(item, size);
    case 'arbiter':
      return size === 3
        ? undefined
        : { key: 'replica', message: 'an arbiter volume has replica: 3 (drop the key)' };
    case 'replica': {
      const message = replicaFault(item, size, labNodes);
      return message === undefined ? undefined : { key: 'replica', message };
    }
  }
};
