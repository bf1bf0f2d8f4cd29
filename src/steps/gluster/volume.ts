import { VOLUME_TYPES } from '../../config/volume-types.js';
import { pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { findVolume, must } from '../../gluster/ask.js';
import { volumeCreate } from '../../gluster/commands.js';
import type { Volume } from '../../gluster/parse.js';
import { plannedVolumes, type PlannedVolume, type VolumeSpec } from '../../gluster/volume-spec.js';

/** How an existing volume differs from the wanted one, in words; undefined when they match. */
export const difference = (wanted: VolumeSpec, found: Volume): string | undefined => {
  const bricks = wanted.bricks.map(({ machine, path }) => `${machine}:${path}`);
  if (bricks.join() !== found.bricks.join())
    return `the existing volume has the bricks ${found.bricks.join(' ')}`;
  return VOLUME_TYPES[wanted.type].difference(found, wanted);
};

/** The volume exists with the wanted bricks and type. Throws GLUSTER_VOLUME_DIFFERS when it is another. */
export const createVolume = defineStep<PlannedVolume>({
  kind: 'gluster.volume',
  inputs: plannedVolumes,
  target: ({ volume }) => volume.name,
  title: ({ volume }) => `Create volume ${volume.name}`,
  needs: ({ volume }) => volume.bricks.map(({ machine }) => `gluster.brick:${volume.name}@${machine}`),
  probe: async ({ volume, from }, context) => {
    const found = await findVolume(context, from, volume.name);
    if (found === undefined) return pending('the volume does not exist');
    const differs = difference(volume, found);
    if (differs === undefined) return satisfied;
    throw new CliError(
      'GLUSTER_VOLUME_DIFFERS',
      `Volume ${volume.name} does not match lab.yaml: ${differs}.`,
      {
        hint: 'kglab does not change the bricks of a volume with data. Undo the change in lab.yaml, or give the volume another name.',
      },
    );
  },
  apply: async ({ volume, from }, context) => {
    await must(context, from, volumeCreate(volume), /already exists/);
  },
});
