import { pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { volumes } from '../../gluster/ask.js';
import { plannedVolumes, type Brick } from '../../gluster/volume-spec.js';
import { brickState } from './bricks.js';

interface Input {
  readonly brick: Brick;
  readonly volume: string;
  readonly from: string;
}

/**
 * The brick directory exists and is empty or belongs to the volume. Throws GLUSTER_BRICK_LEFTOVER for any other content
 * and leaves it alone.
 */
export const prepareBrick = defineStep<Input>({
  kind: 'gluster.brick',
  inputs: (config) =>
    plannedVolumes(config).flatMap(({ volume: { name, bricks }, from }) =>
      bricks.map((brick) => ({ brick, volume: name, from })),
    ),
  target: ({ brick, volume }) => `${volume}@${brick.machine}`,
  title: ({ brick }) => `Prepare brick ${brick.machine}:${brick.path}`,
  needs: () => ['gluster.pool'],
  probe: async ({ brick, volume, from }, context) => {
    const { state, hollow } = await brickState(brick, context);
    if (state === 'missing') return pending('the brick directory does not exist');
    if (state === 'empty') return satisfied;
    const known = await volumes(context, from);
    if (known.find(({ name }) => name === volume)?.id.replaceAll('-', '') === state) return satisfied;
    // Gluster marks bricks before the volume exists, so an interrupted creation leaves a mark without a volume.
    if (hollow && !known.some(({ id }) => id.replaceAll('-', '') === state)) return satisfied;
    const owner =
      state === 'unmarked' ? 'files that are not from Gluster' : `data of another volume (id ${state})`;
    throw new CliError(
      'GLUSTER_BRICK_LEFTOVER',
      `${brick.machine}:${brick.path} contains ${owner}; not touched.`,
      {
        hint: `Look at the data: kglab exec ${brick.machine} -- ls -la ${brick.path}\nMove it away, or set another gluster.brick in lab.yaml.`,
      },
    );
  },
  apply: async ({ brick: { machine, path } }, context) => {
    await checked(context.machine(machine), machine, cmd('mkdir', '-p', path), {
      code: 'GLUSTER_FAILED',
      what: `Creating brick directory ${machine}:${path}`,
      hint: `Check whether the disk is full: kglab exec ${machine} -- df -h\nThen run \`kglab up\` again.`,
      signal: context.signal,
    });
  },
});
