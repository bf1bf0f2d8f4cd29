import { glusterMachine, hasDedicated } from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { must, volumes } from '../../gluster/ask.js';
import { gluster } from '../../gluster/commands.js';
import type { Volume } from '../../gluster/parse.js';
import { nameOf, specOf } from '../../gluster/volume-spec.js';
import { mapPool } from '../../util/pool.js';
import { lostBricks } from './bricks.js';
import { lastingGap, startHealing, waitUntilHealed } from './healing.js';
import { refill } from './refill.js';

interface Input {
  readonly from: string;
  /** Names of the volumes of lab.yaml, which have steps of their own. */
  readonly except: readonly string[];
}

/** Volumes checked at the same time: each `heal info` starts a client of the volume. */
const LIMIT = 4;

/** The started volumes of the pool that lab.yaml does not name. */
const others = async ({ from, except }: Input, context: StepContext) =>
  (await volumes(context, from)).filter(({ name, started }) => started && !except.includes(name));

/** What a dedicated volume lacks: the content of bricks, or healing; undefined when it is healthy. */
const gapOf = async (found: Volume, from: string, context: StepContext): Promise<string | undefined> => {
  const lost = await lostBricks(specOf(found), found, context);
  if (lost.length > 0) return `bricks that need a refill: ${lost.map(nameOf).join(', ')}`;
  const gap = await lastingGap(specOf(found), from, context);
  return gap === undefined ? undefined : `volume ${found.name}: ${gap}`;
};

const gaps = async (input: Input, context: StepContext) =>
  (
    await mapPool(await others(input, context), LIMIT, async (found) => ({
      found,
      gap: await gapOf(found, input.from, context),
    }))
  ).filter(({ gap }) => gap !== undefined);

/** The volumes of dedicated claims have all their bricks and no pending heals. */
export const refillClaims = defineStep<Input>({
  kind: 'gluster.claims',
  // Only with dedicated volumes.
  inputs: (config) =>
    config.volumes.some((volume) => hasDedicated(config, volume))
      ? [{ from: glusterMachine(config), except: config.volumes.map(({ name }) => name) }]
      : [],
  title: () => 'Refill bricks of dedicated volumes',
  needs: ({ except }) => except.map((name) => `gluster.start:${name}`),
  probe: async (input, context) => {
    const [first, ...more] = await gaps(input, context);
    if (first?.gap === undefined) return satisfied;
    if (more.length === 0) return pending(first.gap);
    const rest = more.length === 1 ? '1 more volume has' : `${more.length} more volumes have`;
    return pending(`${first.gap}; ${rest} problems too`);
  },
  apply: async (input, context) => {
    const { from } = input;
    const found = (await gaps(input, context)).map((one) => one.found);
    for (const volume of found) {
      await refill(specOf(volume), volume, from, context);
      await must(context, from, gluster('volume', 'start', volume.name, 'force'));
      await startHealing(specOf(volume), from, context);
    }
    for (const volume of found) await waitUntilHealed(specOf(volume), from, context);
  },
});
