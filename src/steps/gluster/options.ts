import { fresh, pending, satisfied } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { findVolume, must } from '../../gluster/ask.js';
import { gluster, volumeSet } from '../../gluster/commands.js';
import type { Volume } from '../../gluster/parse.js';
import { plannedVolumes, type PlannedVolume, type VolumeSpec } from '../../gluster/volume-spec.js';
import { QUOTA_OPTIONS } from '../../guest/layout.js';

const wantedOf = ({ options, quota }: VolumeSpec): Readonly<Record<string, string>> =>
  quota ? { ...QUOTA_OPTIONS, ...options } : options;

const unset = (volume: VolumeSpec, found: Volume | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(wantedOf(volume)).filter(([name, value]) => found?.options[name] !== value),
  );

const hasQuota = (found: Volume | undefined): boolean => found?.options['features.quota'] === 'on';

/** The options of the profile and of lab.yaml are set, and quota is on if the volume has it. */
export const setOptions = defineStep<PlannedVolume>({
  kind: 'gluster.options',
  inputs: plannedVolumes,
  target: ({ volume }) => volume.name,
  title: ({ volume }) => `Set the options of volume ${volume.name}`,
  needs: ({ volume }) => [`gluster.volume:${volume.name}`],
  probe: async ({ volume, from }, context) => {
    const found = await findVolume(context, from, volume.name);
    if (volume.quota && !hasQuota(found)) return pending('quota is off');
    const missing = Object.entries(unset(volume, found));
    return missing.length === 0
      ? satisfied
      : pending(missing.map(([name, value]) => `${name} is not ${value}`).join(', '));
  },
  apply: async ({ volume, from }, context) => {
    const found = await findVolume(fresh(context), from, volume.name);
    // Quota options exist only while quota is on, and quota can be enabled only while the volume is started.
    if (volume.quota && !hasQuota(found)) {
      await must(context, from, gluster('volume', 'start', volume.name), /already started/);
      await must(context, from, gluster('volume', 'quota', volume.name, 'enable'), /already enabled/);
    }
    const missing = unset(volume, found);
    if (Object.keys(missing).length > 0) await must(context, from, volumeSet(volume.name, missing));
  },
});
