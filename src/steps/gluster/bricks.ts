import type { StepContext } from '../../engine/context.js';
import { checked } from '../../exec/checked.js';
import type { Volume } from '../../gluster/parse.js';
import type { Brick, VolumeSpec } from '../../gluster/volume-spec.js';
import { mapPool } from '../../util/pool.js';
import { guestScript } from '../../guest/script.js';

/** Bricks checked at the same time. */
const LIMIT = 8;

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
    const command = guestScript('gluster.sh', 'brick_state', path, unfilledFlag(brick));
    const { stdout } = await checked(context.machine(machine), machine, command, {
      code: 'GLUSTER_FAILED',
      what: `Reading the state of brick ${machine}:${path}`,
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
