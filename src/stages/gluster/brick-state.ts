import type { StepContext } from '../../engine/context.js';
import { checked } from '../../exec/checked.js';
import { sh } from '../../exec/command.js';
import type { Brick } from '../../plan/kinds.js';

/**
 * Prints what a brick directory is: `missing`, `empty`, or the volume id it is marked with (`unmarked` when it has
 * content or Gluster's bookkeeping without one); then `hollow` when a marked one holds nothing but bookkeeping.
 */
const BRICK_STATE = `
[ -d "$1" ] || { echo missing; exit 0; }
id=$(getfattr --absolute-names -n trusted.glusterfs.volume-id -e hex --only-values "$1" 2>/dev/null | od -An -tx1 | tr -d ' \\n')
[ -n "$id" ] || { [ -z "$(ls -A "$1")" ] && echo empty || echo unmarked; exit 0; }
echo "$id" "$([ -n "$(ls -A "$1" | grep -v '^[.]glusterfs')" ] || echo hollow)"`;

/** A brick as it is found on disk. */
export interface BrickState {
  /** `missing`, `empty`, `unmarked`, or the id of its volume without dashes. */
  readonly state: string;
  /** Marked, and nothing was ever written to it. */
  readonly hollow: boolean;
}

/** Looks at a brick directory. */
export const brickState = ({ machine, path }: Brick, context: StepContext): Promise<BrickState> =>
  context.fact(`brick ${machine}:${path}`, async () => {
    const { stdout } = await checked(context.machine(machine), machine, sh(BRICK_STATE, path), {
      code: 'GLUSTER_FAILED',
      what: `Looking at brick ${machine}:${path}`,
      signal: context.signal,
    });
    const [state = '', hollow] = stdout.trim().split(/\s+/);
    return { state, hollow: hollow === 'hollow' };
  });
