import { knownLab } from '../lab/open.js';
import { setProtected } from '../app/protect.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import { withLock } from '../lab/with-lock.js';
import { openKnownLab } from './support/open-world.js';

const protect =
  (what: 'protect' | 'unprotect') =>
  async (session: Session, flags: LabFlags): Promise<void> => {
    const { name, world } = await openKnownLab(session, flags, { what });
    const wanted = what === 'protect';
    const changed = await withLock(world, name, what, async () =>
      setProtected(await knownLab(name, world), wanted),
    );
    const [already, now] = wanted
      ? ['already protected', 'protected now: down and rebuild refuse it']
      : ['not protected', 'no longer protected: down and rebuild may remove it'];
    world.say(`Lab ${name} is ${changed ? now : already}.`);
  };

/** `kglab protect` */
export const protectCommand = protect('protect');

/** `kglab unprotect` */
export const unprotectCommand = protect('unprotect');
