/** Keys of a volume that apply only to some types. */
export type ShapeKey = 'replica' | 'disperse' | 'redundancy';

/** The keys of a lab file that describe the sets of a volume. */
export interface ShapeItem extends Readonly<Partial<Record<ShapeKey, number | undefined>>> {
  readonly name: string;
}

/** The size of a volume's sets: a set is a group of bricks that hold the same files. */
export interface SetShape {
  /** Bricks in one set, including arbiter or redundant ones; 1 for distribute. */
  readonly replica: number;
  /** Bricks of a disperse set that may be lost; 0 for other types. */
  readonly redundancy: number;
}

/** The sets of a volume as `gluster volume info` shows them. */
export interface FoundShape {
  readonly replica: number;
  readonly arbiter: number;
  /** Bricks of a disperse set; 0 for other types. */
  readonly disperse: number;
  readonly redundancy: number;
}

/** A problem with the sets of a volume. */
export interface ShapeFault {
  /** The key that causes it, if the file has it. */
  readonly key: ShapeKey;
  readonly message: string;
}

/** Everything that depends on the type of a volume. To add a type, add a record to {@link VOLUME_TYPES} and tests. */
export interface VolumeTypeRecord {
  /** Its description in the schema of lab files. */
  readonly summary: string;
  /** Keys that apply to it, beyond those of every volume. */
  readonly keys: readonly ShapeKey[];
  /** Its name in the wizard and when to choose it; absent for types that the wizard does not offer. */
  readonly offer?: { readonly name: string; readonly why: string };
  /** Bricks in one set of a volume that may use `nodes` nodes. */
  setSize(item: ShapeItem, nodes: number): number;
  /** Bricks that a disperse set of `size` bricks may lose; 0 for other types. */
  redundancy(item: ShapeItem, size: number): number;
  /** The problem with sets of `size` bricks in a lab of `labNodes` nodes, if any. */
  fault(item: ShapeItem, size: number, labNodes: number): ShapeFault | undefined;
  /** Arguments of `gluster volume create` before the bricks. */
  createWords(shape: SetShape): readonly string[];
  /** Its name in the picture of the lab: `replica 3`. */
  label(shape: SetShape, bricks: number): string;
  /** Whether a lost brick can be refilled from the others of its set. */
  heals(shape: SetShape): boolean;
  /**
   * Bricks of a set that must be left to refill the others. For copies, a majority: with fewer, Gluster does not record
   * what a new brick lacks.
   */
  needed(shape: SetShape): number;
  /** Whether the majority accepts writes without one brick, so that an offline brick has no data that the others lack. */
  outvotes(shape: SetShape): boolean;
  /** Whether the n-th brick of a set, counted from 0, is an arbiter. */
  isArbiter(index: number, shape: SetShape): boolean;
  /** Whether a volume that Gluster describes is of this type. */
  recognises(found: FoundShape): boolean;
  /** How the found sets differ from the wanted ones; undefined if they do not. */
  difference(found: FoundShape, wanted: SetShape): string | undefined;
}

/** Default number of bricks in a replica set. */
const REPLICA = 3;
/** Size of a disperse set from which the default redundancy is 2 instead of 1. */
const TWO_FROM = 6;

const majority = ({ replica }: SetShape): number => Math.floor(replica / 2) + 1;

/** `difference` for all types except disperse. */
const differentCopies =
  (arbiter: number) =>
  (found: FoundShape, wanted: SetShape): string | undefined => {
    if (found.disperse > 0) return 'the existing volume is a disperse volume';
    if (found.arbiter !== arbiter) return `the existing volume has ${found.arbiter} arbiter bricks`;
    return found.replica === wanted.replica
      ? undefined
      : `the replica count of the existing volume is ${found.replica}`;
  };

const replica: VolumeTypeRecord = {
  summary: 'full copies',
  keys: ['replica'],
  offer: { name: 'three copies', why: 'no data is lost if one machine fails' },
  setSize: (item, nodes) => item.replica ?? Math.max(1, Math.min(REPLICA, nodes)),
  redundancy: () => 0,
  fault: (item, size, labNodes) => {
    if (size === 2)
      return {
        key: 'replica',
        message: `volume ${item.name} would have replica 2, which is prone to split brain (use 3 storage nodes, with type: replica or type: arbiter)`,
      };
    if (size > 1 || item.replica !== undefined || labNodes === 1) return undefined;
    return {
      key: 'replica',
      message: `volume ${item.name} would have only one copy of the data (use 3 storage nodes, or set replica: 1 if the data may be lost)`,
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
  summary: 'two full copies, and a third brick with names and metadata only, against split brain',
  offer: {
    name: 'two copies and an arbiter',
    why: 'saves a third of the disk space; the third brick (arbiter) holds only file names and metadata',
  },
  setSize: (item) => item.replica ?? REPLICA,
  fault: (_item, size) =>
    size === REPLICA
      ? undefined
      : { key: 'replica', message: 'an arbiter volume always has replica: 3 (remove the key)' },
  createWords: () => ['replica', '3', 'arbiter', '1'],
  label: () => 'replica 2 + arbiter',
  outvotes: () => false,
  isArbiter: (index, shape) => index === shape.replica - 1,
  recognises: (found) => found.arbiter > 0,
  difference: differentCopies(1),
};

const disperse: VolumeTypeRecord = {
  summary: 'erasure coding over the bricks of a set',
  keys: ['disperse', 'redundancy'],
  setSize: (item, nodes) => item.disperse ?? Math.max(1, nodes),
  redundancy: (item, size) => item.redundancy ?? (size < TWO_FROM ? 1 : 2),
  // Gluster requires more data bricks than redundant ones: otherwise two halves of a set could disagree.
  fault: (item, size) => {
    if (size < 3) {
      const message = `volume ${item.name} needs at least 3 nodes for its disperse sets, but has ${size} (add nodes)`;
      return { key: 'disperse', message };
    }
    const redundancy = disperse.redundancy(item, size);
    if (2 * redundancy < size) return undefined;
    const most = Math.ceil(size / 2) - 1;
    return {
      key: 'redundancy',
      message: `a disperse set of ${size} bricks can have at most redundancy ${most}, not ${redundancy} (set redundancy: ${most}, or use more bricks)`,
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
    if (found.disperse !== wanted.replica)
      return `the existing volume has ${found.disperse} bricks in a disperse set`;
    return found.redundancy === wanted.redundancy
      ? undefined
      : `the redundancy of the existing volume is ${found.redundancy}`;
  },
};

const distribute: VolumeTypeRecord = {
  summary: 'every file on one brick, no copies',
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

/** All types of volumes. */
export const VOLUME_TYPES = { replica, arbiter, disperse, distribute };

export type VolumeType = keyof typeof VOLUME_TYPES;

/** The names of all types, in the order of {@link VOLUME_TYPES}. */
export const VOLUME_TYPE_NAMES = Object.keys(VOLUME_TYPES) as readonly VolumeType[];

/** The type and sets of a volume that Gluster describes. */
export const shapeOf = (found: FoundShape): SetShape & { readonly type: VolumeType } => ({
  type: VOLUME_TYPE_NAMES.find((type) => VOLUME_TYPES[type].recognises(found)) ?? 'distribute',
  replica: found.disperse || found.replica || 1,
  redundancy: found.redundancy,
});
