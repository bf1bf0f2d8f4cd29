import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import type { VolumeSpec } from '../../plan/kinds.js';
import type { StepInputs } from '../../plan/step.js';
import { ask, must, volumes } from './ask.js';
import { gluster } from './commands.js';
import type { Volume } from './parse.js';
import { lostBricks, nameOf, refill } from './refill-handler.js';

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

/** Bricks of the volumes of single claims, too, are filled again on a machine that was made anew. */
export const claimsHandler: StepHandler<'gluster.claims'> = {
  probe: async (input, context) => {
    const lost: string[] = [];
    for (const found of await others(input, context))
      lost.push(...(await lostBricks(specOf(found), found, context)).map(nameOf));
    return lost.length === 0 ? satisfied : pending(`${lost.join(', ')} lost their content`);
  },
  apply: async (input, context) => {
    const { from } = input;
    for (const found of await others(input, context)) {
      if ((await lostBricks(specOf(found), found, context)).length === 0) continue;
      await refill(specOf(found), found, from, context);
      await must(context, from, gluster('volume', 'start', found.name, 'force'));
      await ask(context, from, gluster('volume', 'heal', found.name, 'full'));
    }
  },
};
