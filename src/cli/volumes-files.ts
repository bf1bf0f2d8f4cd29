import { resolve } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { catCommand, copy, listCommand, type CopyEnd } from '../volumes/files.js';
import { findKept, parseTarget } from '../volumes/resolve.js';
import type { Kept } from '../volumes/inventory.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { surveyVolumes, openVolumes } from './support/volumes-context.js';
import { attachIn } from './exec.js';

/** `kglab volumes ls` */
export const volumesLsCommand = async (session: Session, target: string, flags: LabFlags): Promise<void> => {
  const { claim, path } = parseTarget(target);
  const volumes = await openVolumes(session, flags, 'volumes ls');
  const { directory } = findKept((await surveyVolumes(volumes)).kept, claim);
  await attachIn(session, volumes.context.machine(volumes.server), listCommand(directory.path, path));
};

/** `kglab volumes cat` */
export const volumesCatCommand = async (session: Session, target: string, flags: LabFlags): Promise<void> => {
  const { claim, path } = parseTarget(target);
  const volumes = await openVolumes(session, flags, 'volumes cat');
  const { directory } = findKept((await surveyVolumes(volumes)).kept, claim);
  await attachIn(session, volumes.context.machine(volumes.server), catCommand(directory.path, path));
};

/** A path on this host starts with `.`, `/` or `~`, or has no colon. */
const isClaim = (text: string): boolean => text.includes(':') && !/^[./~]/.test(text);

const endOf = (text: string, kept: readonly Kept[]): CopyEnd => {
  if (!isClaim(text)) return { root: undefined, path: `${resolve(text)}${/\/\.?$/.test(text) ? '/.' : ''}` };
  const { claim, path } = parseTarget(text);
  return { root: findKept(kept, claim).directory.path, path };
};

/** `kglab volumes cp` */
export const volumesCpCommand = async (
  session: Session,
  from: string,
  to: string,
  flags: LabFlags,
): Promise<void> => {
  if (!isClaim(from) && !isClaim(to))
    throw new CliError('USAGE', 'One path must be NAMESPACE/CLAIM:PATH.', {
      hint: 'For example: kglab volumes cp ./data default/web:',
    });
  const volumes = await openVolumes(session, flags, 'volumes cp');
  const { kept } = await surveyVolumes(volumes);
  await copy(endOf(from, kept), endOf(to, kept), volumes.context.machine(volumes.server), volumes.context);
};
