import { CliError } from '../errors/cli-error.js';
import type { Kept } from './inventory.js';

/** A claim and a path in its volume, as a person writes them: `[namespace/]claim[:path]`. */
export interface Target {
  readonly claim: string;
  /** Relative to the root of the volume; empty for that root. */
  readonly path: string;
}

/** RFC 1123 names, a namespace before the slash. */
const CLAIM = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/)?[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Reads `[namespace/]claim[:path]`. Throws USAGE when the claim cannot be one. */
export const parseTarget = (text: string): Target => {
  const colon = text.indexOf(':');
  const claim = colon < 0 ? text : text.slice(0, colon);
  if (!CLAIM.test(claim))
    throw new CliError('USAGE', `${JSON.stringify(claim)} cannot be the name of a claim.`, {
      hint: 'Write NAMESPACE/CLAIM or CLAIM. A path inside the claim follows after a colon: default/data:logs/today.txt',
    });
  return { claim, path: colon < 0 ? '' : text.slice(colon + 1).replace(/^\/+/, '') };
};

const fits = ({ id, entry, directory }: Kept, name: string): boolean =>
  id === name ||
  entry.pv === name ||
  directory.name === name ||
  (!name.includes('/') && id.endsWith(`/${name}`));

/** The data of a claim, named by claim, PV or directory. Throws VOLUME_UNKNOWN when there is none or more than one. */
export const findKept = (all: readonly Kept[], name: string): Kept => {
  const found = all.filter((one) => fits(one, name));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length > 1) {
    throw new CliError('VOLUME_UNKNOWN', `${name} is ambiguous (${found.length} matches).`, {
      details: found.map(({ id, entry }) => `${id} (${entry.pv})`),
      hint: 'Write namespace/claim, or the name of the PV.',
    });
  }
  const known = all.slice(0, 10).map(({ id }) => id);
  throw new CliError('VOLUME_UNKNOWN', `There is no data of a claim ${name} on the volumes of this lab.`, {
    hint: known.length === 0 ? 'No claim has any data yet.' : `Claims with data: ${known.join(', ')}`,
  });
};

/** What a person wants to restore: `namespace/claim` or the name of a PV; a claim without a namespace is in `default`. */
export const meantToRestore = (all: readonly Kept[], name: string): string => {
  if (name.includes('/')) return name;
  const claim = `default/${name}`;
  if (all.some(({ id }) => id === claim)) return claim;
  return name.startsWith('pvc-') || all.some(({ entry }) => entry.pv === name) ? name : claim;
};
