import { pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { plannedVolumes, type PlannedVolume } from '../../gluster/volume-spec.js';
import { lastingGap, startHealing, waitUntilHealed } from './healing.js';

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
