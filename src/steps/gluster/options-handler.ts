import { fresh, pending, satisfied, type StepHandler } from '../../engine/context.js';
import type { VolumeSpec } from '../../gluster/volume-spec.js';
import { must, volumes } from '../../gluster/ask.js';
import { gluster, setOptions } from '../../gluster/commands.js';
import type { Volume } from '../../gluster/parse.js';
import { QUOTA_OPTIONS } from '../../gluster/profiles.js';

const wantedOf = ({ options, quota }: VolumeSpec): Readonly<Record<string, string>> =>
  quota ? { ...QUOTA_OPTIONS, ...options } : options;

const unset = (volume: VolumeSpec, found: Volume | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(wantedOf(volume)).filter(([name, value]) => found?.options[name] !== value),
  );

const hasQuota = (found: Volume | undefined): boolean => found?.options['features.quota'] === 'on';

/** The options of profile and lab.yaml are set, and directory quota is on where the volume has it. */
export const optionsHandler: StepHandler<'gluster.options'> = {
  probe: async ({ volume, from }, context) => {
    const found = (await volumes(context, from)).find(({ name }) => name === volume.name);
    if (volume.quota && !hasQuota(found)) return pending('quota is off');
    const missing = Object.entries(unset(volume, found));
    return missing.length === 0
      ? satisfied
      : pending(missing.map(([name, value]) => `${name} is not ${value}`).join(', '));
  },
  apply: async ({ volume, from }, context) => {
    const found = (await volumes(fresh(context), from)).find(({ name }) => name === volume.name);
    // Its own options exist only while quota is on, and it can be switched on only while the volume runs.
    if (volume.quota && !hasQuota(found)) {
      await must(context, from, gluster('volume', 'start', volume.name), /already started/);
      await must(context, from, gluster('volume', 'quota', volume.name, 'enable'), /already enabled/);
    }
    const missing = unset(volume, found);
    if (Object.keys(missing).length > 0) await must(context, from, setOptions(volume.name, missing));
  },
};
