import { VOLUME_TYPES } from '../../config/volume-types.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { ask, findVolume, must } from '../../gluster/ask.js';
import { gluster, restartGlusterd } from '../../gluster/commands.js';
import type { Volume } from '../../gluster/parse.js';
import {
  nameOf,
  plannedVolumes,
  type Brick,
  type PlannedVolume,
  type VolumeSpec,
} from '../../gluster/volume-spec.js';
import { waitFor } from '../../util/wait.js';
import { lostBricks, unfilledFlag } from './bricks.js';
import { guestScript } from '../../guest/script.js';

/** How long to retry the commit after glusterd was restarted (milliseconds). */
const AGAIN_MS = 15_000;

/** The bricks in replica or disperse sets. */
const setsOf = ({ bricks, replica }: VolumeSpec): readonly (readonly Brick[])[] =>
  Array.from({ length: Math.ceil(bricks.length / replica) }, (_none, set) =>
    bricks.slice(set * replica, (set + 1) * replica),
  );

/** Throws GLUSTER_DATA_LOST when the remaining bricks of a set cannot restore the lost ones. */
const assertFillable = (volume: VolumeSpec, lost: readonly Brick[]): void => {
  for (const set of setsOf(volume)) {
    const remaining = set.filter((brick) => !lost.includes(brick));
    if (remaining.length === set.length || remaining.length >= VOLUME_TYPES[volume.type].needed(volume))
      continue;
    throw new CliError(
      'GLUSTER_DATA_LOST',
      `Volume ${volume.name} cannot be recovered: it has lost too many bricks (${lost.map(nameOf).join(', ')}).`,
      {
        details: remaining.map((brick) => `still there: ${nameOf(brick)}`),
        hint: 'Copy the remaining data to a safe place (kglab exec), then recreate the lab: kglab rebuild',
      },
    );
  }
};

const prepare = async (brick: Brick, context: StepContext): Promise<void> => {
  const { machine, path } = brick;
  await checked(
    context.machine(machine),
    machine,
    guestScript('gluster.sh', 'clear_brick', path, unfilledFlag(brick)),
    {
      code: 'GLUSTER_FAILED',
      what: `Creating brick directory ${machine}:${path}`,
      hint: `Check whether the disk is full: kglab exec ${machine} -- df -h ${path}`,
      signal: context.signal,
    },
  );
};

/**
 * glusterd's message when the directory did not exist at the time it learned of the volume; it checks again only after
 * a restart. Before the restart the volume id must go: glusterd would start the empty brick as a complete one.
 */
const TAKEN_FOR_NEW = /destination brick is new/i;

const lookAgain = async ({ machine, path }: Brick, context: StepContext): Promise<void> => {
  const options = { code: 'GLUSTER_FAILED', signal: context.signal } as const;
  const target = context.machine(machine);
  await checked(target, machine, guestScript('gluster.sh', 'unmark_brick', path), {
    ...options,
    what: `Removing the volume id from brick ${machine}:${path}`,
  });
  await checked(target, machine, restartGlusterd, { ...options, what: `Restarting glusterd on ${machine}` });
};

/** Replaces the lost brick by the empty one. Only reset-brick makes the other bricks record what it lacks. */
const reset = async (volume: string, brick: Brick, from: string, context: StepContext): Promise<void> => {
  const { clock, signal } = context;
  const name = nameOf(brick);
  context.say(`${name} lost its content; refilling it from the other bricks`);
  const commit = gluster('volume', 'reset-brick', volume, name, name, 'commit', 'force');
  const tryIt = async (): Promise<{ readonly ok: boolean; readonly message: string }> => {
    // Stops the brick; refused when it is stopped already. Only the result of the commit counts.
    await ask(context, from, gluster('volume', 'reset-brick', volume, name, 'start'));
    return ask(context, from, commit);
  };
  const answer = await tryIt();
  if (answer.ok) return;
  if (TAKEN_FOR_NEW.test(answer.message)) {
    await lookAgain(brick, context);
    // The peers need a second or two to reconnect.
    const again = async () => ((await tryIt()).ok ? true : undefined);
    if (await waitFor(again, { clock, signal, timeoutMs: AGAIN_MS, everyMs: 1000 })) return;
  }
  await must(context, from, commit);
};

const endRepair = async (brick: Brick, context: StepContext): Promise<void> => {
  await checked(context.machine(brick.machine), brick.machine, cmd('rm', '-f', unfilledFlag(brick)), {
    code: 'GLUSTER_FAILED',
    what: `Recording the repair of ${nameOf(brick)}`,
    signal: context.signal,
  });
};

/** Restores lost bricks from the others. Throws GLUSTER_DATA_LOST, before any change, when that is impossible. */
export const refill = async (
  volume: VolumeSpec,
  found: Volume,
  from: string,
  context: StepContext,
): Promise<void> => {
  const lost = await lostBricks(volume, found, context);
  assertFillable(volume, lost);
  for (const brick of lost) await prepare(brick, context);
  if (!found.started) await must(context, from, gluster('volume', 'start', volume.name, 'force'));
  for (const brick of lost) {
    await reset(volume.name, brick, from, context);
    await endRepair(brick, context);
  }
};

/** Every brick belongs to the volume; lost bricks, such as those of a recreated machine, are reset to be healed. */
export const refillBricks = defineStep<PlannedVolume>({
  kind: 'gluster.refill',
  inputs: plannedVolumes,
  target: ({ volume }) => volume.name,
  title: ({ volume }) => `Refill bricks of volume ${volume.name}`,
  needs: ({ volume }) => [`gluster.options:${volume.name}`],
  probe: async ({ volume, from }, context) => {
    const found = await findVolume(context, from, volume.name);
    if (found === undefined) return pending('the volume does not exist');
    const lost = await lostBricks(volume, found, context);
    return lost.length === 0
      ? satisfied
      : pending(`bricks that need a refill: ${lost.map(nameOf).join(', ')}`);
  },
  apply: async ({ volume, from }, context) => {
    const found = await findVolume(context, from, volume.name);
    if (found !== undefined) await refill(volume, found, from, context);
  },
});
