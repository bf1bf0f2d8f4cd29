import type { VolumeConfig } from './config.js';
import { valueAt, type Path, type Problem } from './problem.js';
import type { RawLab } from './schema.js';
import { volumeItems } from './resolve-volumes.js';
import { isInside } from './directories.js';

const relation = (mount: string, other: VolumeConfig): string | undefined => {
  if (mount === other.mount) return `${mount} is already the mount point of volume ${other.name}`;
  if (isInside(mount, other.mount))
    return `${mount} is inside ${other.mount}, the mount point of volume ${other.name}`;
  if (isInside(other.mount, mount))
    return `${mount} would hide ${other.mount}, the mount point of volume ${other.name}`;
  return undefined;
};

const brickRelation = (mount: string, bricks: string): string | undefined => {
  if (isInside(bricks, mount)) return `mount point ${mount} would hide the bricks in ${bricks}`;
  if (isInside(mount, bricks)) return `mount point ${mount} is inside the brick directory ${bricks}`;
  return undefined;
};

/** The fields that these checks read. */
const READS = [
  'storage.path',
  'gluster.brick',
  'gluster.volume',
  'gluster.volumes.*.name',
  'gluster.volumes.*.mount',
];

const BRICK = ['gluster', 'brick'];

interface Mount {
  readonly mount: string;
  /** Its place in the lab file. */
  readonly path: Path;
}

const checkMount = ({ mount, path }: Mount, others: readonly VolumeConfig[]): Problem[] =>
  others
    .map((other) => relation(mount, other))
    .filter((what) => what !== undefined)
    .map((what) => ({ path, message: `${what} (choose another path)`, reads: READS }));

/** Checks mount points against each other and against the bricks. `data` is the file as written, without defaults. */
export const checkPaths = (
  data: Readonly<Record<string, unknown>>,
  raw: RawLab,
  volumes: readonly VolumeConfig[],
): Problem[] => {
  const items = volumeItems(raw);
  return volumes.flatMap(({ mount }, index) => {
    const path: Path = items[index]?.at('mount') ?? [];
    const clash = brickRelation(mount, raw.gluster.brick);
    const where = valueAt(data, path) === undefined ? BRICK : path;
    return [
      ...checkMount({ mount, path }, volumes.slice(0, index)),
      ...(clash === undefined
        ? []
        : [{ path: where, message: `${clash} (choose another path)`, reads: READS }]),
    ];
  });
};
