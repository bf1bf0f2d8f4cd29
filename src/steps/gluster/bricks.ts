import type { StepContext } from '../../engine/context.js';
import { checked } from '../../exec/checked.js';
import { sh } from '../../exec/command.js';
import type { Volume } from '../../gluster/parse.js';
import type { Brick, VolumeSpec } from '../../gluster/volume-spec.js';
import { mapPool } from '../../util/pool.js';

/** Bricks looked at at the same time. */
const LIMIT = 8;

/**
 * Prints what a brick directory is: `missing`, `empty`, or the volume id it is marked with (`unmarked` when it has
 * content or Gluster's bookkeeping without one); then `hollow` when a marked one holds nothing but bookkeeping, and
 * `unfilled` when $2 exists.
 */
const BRICK_STATE = `
[ -d "$1" ] || { echo missing; exit 0; }
id=$(getfattr --absolute-names -n trusted.glusterfs.volume-id -e hex --only-values "$1" 2>/dev/null | od -An -tx1 | tr -d ' \\n')
[ -n "$id" ] || { [ -z "$(ls -A "$1")" ] && echo empty || echo unmarked; exit 0; }
echo "$id" "$([ -n "$(ls -A "$1" | grep -v '^[.]glusterfs')" ] || echo hollow)" "$([ ! -e "$2" ] || echo unfilled)"`;

/**
 * A file on the brick's machine that says that the brick has lost its content and is not known to be a member again.
 * Gluster marks an empty brick before it makes the others remember what that brick lacks, so the mark proves nothing.
 */
export const unfilledFlag = ({ path }: Brick): string => `/etc/kglab/unfilled${path.replaceAll('/', '_')}`;

/** A brick as it is found on disk. */
export interface BrickState {
  /** `missing`, `empty`, `unmarked`, or the id of its volume without dashes. */
  readonly state: string;
  /** Marked, and nothing was ever written to it. */
  readonly hollow: boolean;
  /** A repair of it was begun and did not end. */
  readonly unfilled: boolean;
}

/** Looks at a brick directory. */
export const brickState = (brick: Brick, context: StepContext): Promise<BrickState> => {
  const { machine, path } = brick;
  return context.fact(`brick ${machine}:${path}`, async () => {
    const command = sh(BRICK_STATE, path, unfilledFlag(brick));
    const { stdout } = await checked(context.machine(machine), machine, command, {
      code: 'GLUSTER_FAILED',
      what: `Looking at brick ${machine}:${path}`,
      signal: context.signal,
    });
    const [state = '', ...words] = stdout.trim().split(/\s+/);
    return { state, hollow: words.includes('hollow'), unfilled: words.includes('unfilled') };
  });
};

/** Bricks that do not carry the volume's mark, or do so while they are being repaired: what was on them is gone. */
export const lostBricks = async (
  { bricks }: VolumeSpec,
  { id }: Volume,
  context: StepContext,
): Promise<readonly Brick[]> => {
  const mark = id.replaceAll('-', '');
  const states = await mapPool(bricks, LIMIT, (brick) => brickState(brick, context));
  return bricks.filter((_brick, index) => states[index]?.state !== mark || states[index].unfilled);
};
