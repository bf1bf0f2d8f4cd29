import type { LabConfig } from '../config/config.js';
import { CliError } from '../errors/cli-error.js';
import type { Kept } from './inventory.js';
import { gluster } from '../gluster/commands.js';
import { must } from '../gluster/ask.js';
import type { VolumesContext } from './quarantine.js';

/** Sizes as Gluster's quota takes them. */
const SIZE = /^[1-9][0-9]*(KB|MB|GB|TB)?$/;

const UNITS: Readonly<Record<string, string>> = { Ki: 'KB', Mi: 'MB', Gi: 'GB', Ti: 'TB' };

/** `5Gi` in the words of Gluster, whose KB, MB and so on are binary. Throws USAGE. */
export const glusterSize = (text: string): string => {
  const size = text.replace(/[KMGT]i$/, (unit) => UNITS[unit] ?? unit);
  if (SIZE.test(size)) return size;
  throw new CliError('USAGE', `${JSON.stringify(text)} is not a size.`, { hint: 'Write e.g. 512Mi or 5Gi.' });
};

/** Changes how large the directory of a claim may become. Throws USAGE on a volume that has no size limits. */
export const limitVolume = async (
  { volume: name, directory, entry, id }: Kept,
  size: string,
  config: LabConfig,
  { context, gluster: from }: VolumesContext,
): Promise<void> => {
  const volume = config.volumes.find((one) => one.name === name);
  if (volume?.quota !== true)
    throw new CliError('USAGE', `Volume ${name} of claim ${id} has no quota.`, {
      hint: 'Set `quota: true` for this volume in lab.yaml, then: kglab up',
    });
  const words = directory.dedicated
    ? [entry.pv, 'limit-usage', '/']
    : [name, 'limit-usage', `/${directory.name}`];
  await must(context, from, gluster('volume', 'quota', ...words, glusterSize(size)));
};
