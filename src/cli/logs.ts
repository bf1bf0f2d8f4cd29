import { resolve } from 'node:path';
import { collectLogs, collectRuns } from '../app/logs.js';
import { knownLab, loadLab } from '../lab/open.js';
import type { LabFlags } from './support/flags.js';
import { labName } from './support/lab-file.js';
import type { Session } from './support/session.js';
import { openWorld } from './support/open-world.js';
import { stdout } from './support/streams.js';

/** `kglab logs` */
export const logsCommand = async (session: Session, flags: LabFlags & { to?: string }): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'logs' });
  const stamp = new Date(world.clock.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const target = resolve(flags.to ?? `kglab-${name}-${stamp}.tar.gz`);
  const exists = (await loadLab(name, world)) !== undefined;
  if (exists || !(await collectRuns(name, target, world))) {
    const { silent } = await collectLogs(await knownLab(name, world), target);
    for (const machine of silent) world.say(`no logs from ${machine}`);
  } else world.say(`Lab ${name} was never created; the archive has the logs of failed runs.`);
  world.say('Known secrets are removed; review the archive before sharing it.');
  stdout.write(`${target}\n`);
};
