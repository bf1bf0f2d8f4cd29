import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import type { VolumeSpec } from '../../gluster/volume-spec.js';
import type { StepInputs } from '../../engine/step.js';
import { mapPool } from '../../util/pool.js';
import { must, volumes } from '../../gluster/ask.js';
import { gluster } from '../../gluster/commands.js';
import { lastingGap, settle, startHealing } from './heal-handler.js';
import type { Volume } from '../../gluster/parse.js';
import { lostBricks, nameOf, refill } from './refill-handler.js';

/** Volumes looked at at the same time: each look at what waits for healing is a client of the volume. */
const LIMIT = 4;

const typeOf = ({ arbiter, disperse, replica }: Volume): VolumeSpec['type'] => {
  if (arbiter > 0) return 'arbiter';
  if (disperse > 0) return 'disperse';
  return replica > 1 ? 'replica' : 'distribute';
};

/** A volume that the pool has, as if it had been planned. */
export const specOf = (found: Volume): VolumeSpec => ({
  name: found.name,
  type: typeOf(found),
  replica: found.disperse || found.replica || 1,
  redundancy: found.redundancy,
  quota: false,
  options: {},
  bricks: found.bricks.map((brick) => {
    const colon = brick.indexOf(':');
    return { machine: brick.slice(0, colon), path: brick.slice(colon + 1) };
  }),
});

const others = async ({ from, except }: StepInputs['gluster.claims'], context: StepContext) =>
  (await volumes(context, from)).filter(({ name, started }) => started && !except.includes(name));

/** What a claim's volume lacks: bricks, or copies of what was written; undefined when it is whole. */
const gapOf = async (found: Volume, from: string, context: StepContext): Promise<string | undefined> => {
  const lost = await lostBricks(specOf(found), found, context);
  if (lost.length > 0) return `${lost.map(nameOf).join(', ')} lost its content`;
  const gap = await lastingGap(specOf(found), from, context);
  return gap === undefined ? undefined : `volume ${found.name}: ${gap}`;
};

const gaps = async (input: StepInputs['gluster.claims'], context: StepContext) =>
  (
    await mapPool(await others(input, context), LIMIT, async (found) => ({
      found,
      gap: await gapOf(found, input.from, context),
    }))
  ).filter(({ gap }) => gap !== undefined);

/** The volumes of single claims, too, have all their bricks, and none of these owes anything to another. */
export const claimsHandler: StepHandler<'gluster.claims'> = {
  probe: async (input, context) => {
    const [first, ...more] = await gaps(input, context);
    if (first?.gap === undefined) return satisfied;
    return pending(more.length === 0 ? first.gap : `${first.gap}, and ${more.length} more volumes`);
  },
  apply: async (input, context) => {
    const { from } = input;
    const found = (await gaps(input, context)).map((one) => one.found);
    for (const volume of found) {
      await refill(specOf(volume), volume, from, context);
      await must(context, from, gluster('volume', 'start', volume.name, 'force'));
      await startHealing(specOf(volume), from, context);
    }
    for (const volume of found) await settle(specOf(volume), from, context);
  },
};
