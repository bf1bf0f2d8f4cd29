import type { StepContext } from '../../engine/context.js';
import { checked } from '../../exec/checked.js';
import { sh } from '../../exec/command.js';
import type { Volume } from '../../gluster/parse.js';
import type { Brick, VolumeSpec } from '../../gluster/volume-spec.js';
import { mapPool } from '../../util/pool.js';

/** Bricks checked at the same time. */
const LIMIT = 8;

/**
 * Prints the state of brick directory $1: `missing`, `empty`, `unmarked` (content without a volume id), or the id of
 * its volume. After an id, `hollow` when it contains nothing but .glusterfs, and `unfilled` when flag file $2 exists.
 */
const BRICK_STATE = `
[ -d "$1" ] || { echo missing; exit 0; }
id=$(getfattr --absolute-names -n trusted.glusterfs.volume-id -e hex --only-values "$1" 2>/dev/null | od -An -tx1 | tr -d ' \\n')
[ -n "$id" ] || { [ -z "$(ls -A "$1")" ] && echo empty || echo unmarked; exit 0; }
echo "$id" "$([ -n "$(ls -A "$1" | grep -v '^[.]glusterfs')" ] || echo hollow)" "$([ ! -e "$2" ] || echo unfilled)"`;

/**
 * Flag file on the brick's machine: the brick lost its content and its repair has not finished. The volume id on the
 * brick does not prove that it was repaired, because Gluster sets it before the other bricks record what is missing.
 */
export const unfilledFlag = ({ path }: Brick): string => `/etc/kglab/unfilled${path.replaceAll('/', '_')}`;

/** A brick as it is found on disk. */
export interface BrickState {
  /** `missing`, `empty`, `unmarked`, or the id of its volume without dashes. */
  readonly state: string;
  /** It has the volume id, and nothing was ever written to it. */
  readonly hollow: boolean;
  /** Its repair was started and has not finished. */
  readonly unfilled: boolean;
}

/** Reads the state of a brick directory; cached as a fact. Throws GLUSTER_FAILED. */
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

/** Bricks that lost their content: without the id of the volume, or with an unfinished repair. */
export const lostBricks = async (
  { bricks }: VolumeSpec,
  { id }: Volume,
  context: StepContext,
): Promise<readonly Brick[]> => {
  const mark = id.replaceAll('-', '');
  const states = await mapPool(bricks, LIMIT, (brick) => brickState(brick, context));
  return bricks.filter((_brick, index) => states[index]?.state !== mark || states[index].unfilled);
};
