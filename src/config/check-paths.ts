import type { VolumeConfig } from './config.js';
import { valueAt, type Path, type Problem } from './problem.js';
import type { RawLab } from './schema.js';
import { volumeItems } from './resolve-volumes.js';
import { isInside } from './directories.js';

const relation = (mount: string, other: VolumeConfig): string | undefined => {
  if (mount === other.mount) return `${mount} is the mount point of volume ${other.name} already`;
  if (isInside(mount, other.mount))
    return `${mount} lies inside of ${other.mount}, where volume ${other.name} is mounted`;
  if (isInside(other.mount, mount))
    return `${mount} would cover ${other.mount}, where volume ${other.name} is mounted`;
  return undefined;
};

const brickRelation = (mount: string, bricks: string): string | undefined => {
  if (isInside(bricks, mount)) return `bricks in ${bricks} would be hidden by what is mounted at ${mount}`;
  if (isInside(mount, bricks)) return `${mount} lies among the bricks in ${bricks}`;
  return undefined;
};

/** What mount points and bricks rest on. */
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
  /** Where the file says it. */
  readonly path: Path;
}

const checkMount = ({ mount, path }: Mount, others: readonly VolumeConfig[]): Problem[] =>
  others
    .map((other) => relation(mount, other))
    .filter((what) => what !== undefined)
    .map((what) => ({ path, message: `${what} (choose another path)`, reads: READS }));

/** Mount points that get in one another's way or in that of bricks. `data` is the file as written. */
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
