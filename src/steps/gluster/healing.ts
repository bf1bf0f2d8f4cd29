import { VOLUME_TYPES } from '../../config/volume-types.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { ask } from '../../gluster/ask.js';
import { gluster } from '../../gluster/commands.js';
import { type BrickHeal, parseHeal } from '../../gluster/parse.js';
import { type PlannedVolume, plannedVolumes, type VolumeSpec } from '../../gluster/volume-spec.js';
import { waitFor } from '../../util/wait.js';

/** Give up when the number of pending heals has not changed for this long (milliseconds); gigabytes take minutes. */
const STALLED_MS = 300_000;
const EVERY_MS = 1000;
/** How often to look before a count is believed: files that are being written are counted for a moment. */
const LOOKS = 4;

/** Whether bricks hold copies or fragments of the same files. */
const canHeal = (volume: VolumeSpec): boolean =>
  volume.bricks.length > 1 && VOLUME_TYPES[volume.type].heals(volume);

const healInfo = async (volume: string, from: string, context: StepContext): Promise<readonly BrickHeal[]> =>
  parseHeal(await ask(context, from, gluster('volume', 'heal', volume, 'info')));

/** Why the volume is not healed; undefined when every brick answers and has no pending heals. */
export const healGap = (found: readonly BrickHeal[], bricks: number): string | undefined => {
  const away = found.find(({ pending: count }) => count === undefined);
  if (away !== undefined) return `${away.brick} does not answer: ${away.status}`;
  if (found.length < bricks) return 'not every brick answers';
  const count = found.reduce((sum, brick) => sum + (brick.pending ?? 0), 0);
  return count === 0 ? undefined : `${count} pending heals`;
};

/** As {@link healGap}, but only what persists over {@link LOOKS} looks; undefined when the volume is healed. */
export const lastingGap = async (
  volume: VolumeSpec,
  from: string,
  context: StepContext,
): Promise<string | undefined> => {
  if (!canHeal(volume)) return undefined;
  let gap: string | undefined;
  for (let tries = 0; tries < LOOKS; tries += 1) {
    if (tries > 0) await context.clock.sleep(EVERY_MS / 2, context.signal);
    gap = healGap(await healInfo(volume.name, from, context), volume.bricks.length);
    if (gap === undefined) return undefined;
  }
  return gap;
};

/** Starts an index heal and a full heal, because no index lists what an emptied brick lacks. Ignores refusals. */
export const startHealing = async (volume: VolumeSpec, from: string, context: StepContext): Promise<void> => {
  if (!canHeal(volume)) return;
  // These answer in plain text even with --xml.
  await ask(context, from, gluster('volume', 'heal', volume.name));
  await ask(context, from, gluster('volume', 'heal', volume.name, 'full'));
};

/**
 * Waits until two looks in a row find no pending heals. Throws GLUSTER_HEAL_STALLED after {@link STALLED_MS} without
 * progress.
 */
export const waitUntilHealed = async (
  volume: VolumeSpec,
  from: string,
  context: StepContext,
): Promise<void> => {
  if (!canHeal(volume)) return;
  const { clock, signal } = context;
  let last: string | undefined;
  let quiet = 0;
  const isHealed = async (): Promise<true | undefined> => {
    const gap = healGap(await healInfo(volume.name, from, context), volume.bricks.length);
    quiet = gap === undefined ? quiet + 1 : 0;
    if (gap !== undefined && gap !== last) context.say(gap);
    last = gap ?? last;
    return quiet >= 2 ? true : undefined;
  };
  for (;;) {
    const before = last;
    const options = { clock, signal, timeoutMs: STALLED_MS, everyMs: EVERY_MS };
    if (await waitFor(isHealed, options)) return;
    if (before === last) throw stalled(volume.name, from, last ?? '');
  }
};

const stalled = (volume: string, from: string, gap: string): CliError =>
  new CliError('GLUSTER_HEAL_STALLED', `Healing of volume ${volume} makes no progress: ${gap}.`, {
    hint: `See the pending heals: kglab exec ${from} -- gluster volume heal ${volume} info summary`,
  });

/** Every brick is online, and there are no pending heals. */
export const healVolume = defineStep<PlannedVolume>({
  kind: 'gluster.heal',
  inputs: plannedVolumes,
  target: ({ volume }) => volume.name,
  title: ({ volume }) => `Wait for heals of volume ${volume.name}`,
  needs: ({ volume }) => [`gluster.start:${volume.name}`],
  probe: async ({ volume, from }, context) => {
    const gap = await lastingGap(volume, from, context);
    return gap === undefined ? satisfied : pending(gap);
  },
  apply: async ({ volume, from }, context) => {
    await startHealing(volume, from, context);
    await waitUntilHealed(volume, from, context);
  },
});
