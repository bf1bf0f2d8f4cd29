/** Keys of a volume that only some types know. */
export type ShapeKey = 'replica' | 'disperse' | 'redundancy';

/** What a lab file says of the sets of a volume. */
export interface ShapeItem extends Readonly<Partial<Record<ShapeKey, number | undefined>>> {
  readonly name: string;
}

/** A set of bricks that hold the same files: its bricks, and those of them that may be lost beyond copies. */
export interface SetShape {
  /** Bricks in one set: copies with the arbiter, fragments with the redundant ones; 1 for distribute. */
  readonly replica: number;
  /** Bricks of a disperse set that may be lost; 0 for other types. */
  readonly redundancy: number;
}

/** What `volume info` of Gluster says of a volume's sets. */
export interface FoundShape {
  readonly replica: number;
  readonly arbiter: number;
  /** Bricks of a disperse set; 0 for other types. */
  readonly disperse: number;
  readonly redundancy: number;
}

/** What is wrong with the sets of a volume. */
export interface ShapeFault {
  /** The key that is to blame, if the file has it. */
  readonly key: ShapeKey;
  readonly message: string;
}

/** All that is said of a type of volume. A new one is a record in {@link VOLUME_TYPES}, and tests. */
export interface VolumeTypeRecord {
  /** For the schema of lab files. */
  readonly summary: string;
  /** Keys that it knows beside those of every volume. */
  readonly keys: readonly ShapeKey[];
  /** What the wizard calls it and when to choose it; absent for types that it does not offer. */
  readonly offer?: { readonly name: string; readonly why: string };
  /** Bricks in a set of a volume that may use so many nodes. */
  setSize(item: ShapeItem, nodes: number): number;
  /** Bricks that a set of so many may lose, for types with fragments; 0 for others. */
  redundancy(item: ShapeItem, size: number): number;
  /** What is wrong with sets of so many bricks in a lab of so many nodes. */
  fault(item: ShapeItem, size: number, labNodes: number): ShapeFault | undefined;
  /** Words of `gluster volume create` before the bricks. */
  createWords(shape: SetShape): readonly string[];
  /** What the picture calls it: `replica 3`. */
  label(shape: SetShape, bricks: number): string;
  /** Whether a lost brick can be filled from the others of its set. */
  heals(shape: SetShape): boolean;
  /** Bricks of a set without which its data is not whole. Without a majority Gluster takes no note of what a new brick lacks. */
  needed(shape: SetShape): number;
  /** A brick that is away is outvoted at every write, and so has nothing that others lack. */
  outvotes(shape: SetShape): boolean;
  /** Whether the n-th brick of a set, from 0, holds names only. */
  isArbiter(index: number, shape: SetShape): boolean;
  /** Whether Gluster's own description is of a volume of this type. */
  recognises(found: FoundShape): boolean;
  /** How sets that were found differ from those wanted; undefined when they do not. */
  difference(found: FoundShape, wanted: SetShape): string | undefined;
}

/** Bricks of a replica set when the file does not say. */
const REPLICA = 3;
/** Bricks of a disperse set from which on two may be lost, as one alone would be little for so many. */
const TWO_FROM = 6;

const majority = ({ replica }: SetShape): number => Math.floor(replica / 2) + 1;

/** How copies are counted, the same for all types but disperse. */
const differentCopies =
  (arbiter: number) =>
  (found: FoundShape, wanted: SetShape): string | undefined => {
    if (found.disperse > 0) return 'it is a disperse volume';
    if (found.arbiter !== arbiter) return `it has ${found.arbiter} arbiter bricks`;
    return found.replica === wanted.replica ? undefined : `its replica count is ${found.replica}`;
  };

const replica: VolumeTypeRecord = {
  summary: 'full copies',
  keys: ['replica'],
  offer: { name: 'three copies', why: 'any one may be lost' },
  setSize: (item, nodes) => item.replica ?? Math.max(1, Math.min(REPLICA, nodes)),
  redundancy: () => 0,
  fault: (item, size, labNodes) => {
    if (size === 2)
      return {
        key: 'replica',
        message: `volume ${item.name} would be a two-way replica, which is prone to split brain (use 3 storage nodes, or type: arbiter with 3)`,
      };
    if (size > 1 || item.replica !== undefined || labNodes === 1) return undefined;
    return {
      key: 'replica',
      message: `volume ${item.name} would have one copy only (use 3 storage nodes, or say replica: 1 if you can lose the data)`,
    };
  },
  createWords: (shape) => (shape.replica > 1 ? ['replica', String(shape.replica)] : []),
  label: (shape, bricks) =>
    shape.replica > 1 ? `replica ${shape.replica}` : distribute.label(shape, bricks),
  heals: (shape) => shape.replica > 1,
  needed: majority,
  outvotes: (shape) => shape.replica >= 3,
  isArbiter: () => false,
  recognises: ({ replica: copies, arbiter, disperse }) => copies > 1 && arbiter === 0 && disperse === 0,
  difference: differentCopies(0),
};

const arbiter: VolumeTypeRecord = {
  ...replica,
  summary: 'two copies, and a third brick that keeps only the names of files',
  offer: { name: 'two copies and an arbiter', why: 'a third less disk; the arbiter holds names only' },
  setSize: (item) => item.replica ?? REPLICA,
  fault: (_item, size) =>
    size === REPLICA
      ? undefined
      : { key: 'replica', message: 'an arbiter volume has replica: 3 (drop the key)' },
  createWords: () => ['replica', '3', 'arbiter', '1'],
  label: () => 'replica 2 + arbiter',
  outvotes: () => false,
  isArbiter: (index, shape) => index === shape.replica - 1,
  recognises: (found) => found.arbiter > 0,
  difference: differentCopies(1),
};

const disperse: VolumeTypeRecord = {
  summary: 'erasure coding',
  keys: ['disperse', 'redundancy'],
  setSize: (item, nodes) => item.disperse ?? Math.max(1, nodes),
  redundancy: (item, size) => item.redundancy ?? (size < TWO_FROM ? 1 : 2),
  // Gluster wants more fragments with data than redundant ones: otherwise two halves could disagree.
  fault: (item, size) => {
    if (size < 3) {
      const message = `volume ${item.name} needs 3 nodes at least for its disperse sets, there are ${size} (add nodes)`;
      return { key: 'disperse', message };
    }
    const redundancy = disperse.redundancy(item, size);
    if (2 * redundancy < size) return undefined;
    const most = Math.ceil(size / 2) - 1;
    return {
      key: 'redundancy',
      message: `a disperse set of ${size} bricks can lose ${most} at most, not ${redundancy} (say redundancy: ${most}, or have more bricks)`,
    };
  },
  createWords: (shape) => ['disperse', String(shape.replica), 'redundancy', String(shape.redundancy)],
  label: (shape) => `disperse ${shape.replica - shape.redundancy} + ${shape.redundancy}`,
  heals: () => true,
  needed: (shape) => shape.replica - shape.redundancy,
  outvotes: () => false,
  isArbiter: () => false,
  recognises: (found) => found.disperse > 0,
  difference: (found, wanted) => {
    if (found.disperse !== wanted.replica) return `it has ${found.disperse} bricks in a disperse set`;
    return found.redundancy === wanted.redundancy ? undefined : `its redundancy is ${found.redundancy}`;
  },
};

const distribute: VolumeTypeRecord = {
  summary: 'every file once, on one brick',
  keys: [],
  setSize: () => 1,
  redundancy: () => 0,
  fault: () => undefined,
  createWords: () => [],
  label: (_shape, bricks) => (bricks > 1 ? `distribute ${bricks}` : 'one brick'),
  heals: () => false,
  needed: majority,
  outvotes: () => false,
  isArbiter: () => false,
  recognises: (found) => found.replica <= 1 && found.disperse === 0,
  difference: differentCopies(0),
};

/** Every type of volume. */
export const VOLUME_TYPES = { replica, arbiter, disperse, distribute };

export type VolumeType = keyof typeof VOLUME_TYPES;

/** The types in their order. */
export const VOLUME_TYPE_NAMES = Object.keys(VOLUME_TYPES) as readonly VolumeType[];

/** The type and sets of a volume that Gluster describes. */
export const shapeOf = (found: FoundShape): SetShape & { readonly type: VolumeType } => ({
  type: VOLUME_TYPE_NAMES.find((type) => VOLUME_TYPES[type].recognises(found)) ?? 'distribute',
  replica: found.disperse || found.replica || 1,
  redundancy: found.redundancy,
});
