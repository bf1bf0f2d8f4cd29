import { limitVolume } from '../volumes/limit.js';
import { findKept } from '../volumes/resolve.js';
import { createStatic, staticEntry, staticManifest } from '../volumes/static.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { surveyVolumes, openVolumes, withLock } from './support/volumes-context.js';
import { stdout } from './support/streams.js';

export interface StaticFlags extends LabFlags {
  readonly claim: string;
  readonly size: string;
  readonly class: string;
  readonly mode: string;
  readonly directory?: string;
  readonly volume?: string;
  readonly print?: boolean;
}

/** `kglab volumes create-static` */
export const volumesStaticCommand = async (
  session: Session,
  name: string,
  flags: StaticFlags,
): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes create-static');
  const { claim, size: capacity, mode: accessMode, directory, volume } = flags;
  const wanted = { name, claim, capacity, class: flags.class, accessMode, directory, volume };
  const entry = staticEntry(wanted, volumes.lab.config);
  if (flags.print) return void stdout.write(staticManifest(entry));
  await withLock(volumes, 'volumes create-static', () => createStatic(entry, volumes.lab.config, volumes));
  stdout.write(`${entry.namespace}/${entry.claim} is bound to ${entry.pv} on ${entry.path}\n`);
};

/** `kglab volumes limit` */
export const volumesLimitCommand = async (
  session: Session,
  claim: string,
  size: string,
  flags: LabFlags,
): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes limit');
  const found = findKept((await surveyVolumes(volumes)).kept, claim);
  await limitVolume(found, size, volumes.lab.config, volumes);
  stdout.write(`${found.id} has a quota of ${size}\n`);
};
