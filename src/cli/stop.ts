import { knownLab } from '../lab/open.js';
import { stop } from '../app/stop.js';
import type { LabFlags } from './support/flags.js';
import { labName } from './support/load-lab.js';
import type { Session } from './support/session.js';
import { withLock } from '../lab/with-lock.js';
import { openWorld } from './support/open-world.js';

/** `kglab stop` */
export const stopCommand = async (session: Session, flags: LabFlags & { force?: boolean }): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'stop', logFor: name, existing: true });
  const lab = await knownLab(name, world);
  const start = world.clock.now();
  const stopped = await withLock(world, name, 'stop', () => stop(lab, { force: flags.force ?? false }));
  const seconds = ((world.clock.now() - start) / 1000).toFixed(1);
  world.say(
    stopped.length === 0
      ? `Lab ${name} is already off.`
      : `Lab ${name} is off: ${stopped.length} machines in ${seconds} s. Start it again: kglab start -n ${name}`,
  );
};
