import { limitVolume } from '../volumes/limit.js';
import { findKept } from '../volumes/resolve.js';
import { createStatic, staticEntry, staticManifest } from '../volumes/static.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { lookAround, openDesk, withLock } from './support/volumes-desk.js';
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
  const desk = await openDesk(session, flags, 'volumes create-static');
  const { claim, size: capacity, mode: accessMode, directory, volume } = flags;
  const wanted = { name, claim, capacity, class: flags.class, accessMode, directory, volume };
  const entry = staticEntry(wanted, desk.record.config);
  if (flags.print) return void stdout.write(staticManifest(entry));
  await withLock(desk, 'volumes create-static', () => createStatic(entry, desk.record.config, desk));
  stdout.write(`${entry.namespace}/${entry.claim} is bound to ${entry.pv} on ${entry.path}\n`);
};

/** `kglab volumes limit` */
export const volumesLimitCommand = async (
  session: Session,
  claim: string,
  size: string,
  flags: LabFlags,
): Promise<void> => {
  const desk = await openDesk(session, flags, 'volumes limit');
  const found = findKept((await lookAround(desk)).kept, claim);
  await limitVolume(found, size, desk.record.config, desk);
  stdout.write(`${found.id} may grow to ${size}\n`);
};
