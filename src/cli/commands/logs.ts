import { resolve } from 'node:path';
import { collectLogs } from '../../app/logs.js';
import { knownLab } from '../../app/open-lab.js';
import type { LabFlags } from '../flags.js';
import { labName } from '../lab.js';
import type { Session } from '../run-cli.js';
import { openWorld } from '../world.js';

/** `kglab logs` */
export const logsCommand = async (session: Session, flags: LabFlags & { to?: string }): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'logs' });
  const record = await knownLab(name, world);
  const stamp = new Date(world.clock.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const target = resolve(flags.to ?? `kglab-${name}-${stamp}.tar.gz`);
  const { path, silent } = await collectLogs(record, target, world);
  for (const machine of silent) world.say(`not in it: ${machine}`);
  world.say('Known tokens and keys are blanked; have a look before you pass it on.');
  process.stdout.write(`${path}\n`);
};
