import { pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';

/** The image that machines are made from, and their network, are there. */
export const prepareImage = defineStep<Record<string, never>>({
  kind: 'machines.prepare',
  inputs: () => [{}],
  title: () => 'Prepare the machine image and the network',
  probe: async (_input, { provider, signal }) => {
    const missing = await provider.foundation.missing({ signal });
    return missing === undefined ? satisfied : pending(missing);
  },
  apply: (_input, { provider, signal, say }) => provider.foundation.prepare({ signal, onLine: say }),
});
