import { knownLab } from '../lab/open.js';
import { start, stop } from '../app/power.js';
import { look } from '../app/status.js';
import { drawLab } from '../report/picture.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { labName } from './support/lab-file.js';
import { renderOutput, summaryOf } from './support/output.js';
import type { Session } from './support/session.js';
import { stdout } from './support/streams.js';
import { withLock } from '../lab/with-lock.js';
import { openWorld } from './support/open-world.js';

/** `kglab start` */
export const startCommand = async (session: Session, flags: LabFlags & OutputFlags): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'start', logFor: name, existing: true });
  try {
    const lab = await knownLab(name, world);
    const result = await withLock(world, name, 'start', () => start(lab));
    await world.reporter.close();
    const picture = flags.output === 'table' && flags.quiet !== true ? drawLab(await look(lab)) : '';
    const summary = summaryOf(name, lab.record.provider, result);
    stdout.write(await renderOutput(flags.output, summary, () => picture));
  } finally {
    await world.reporter.close();
  }
};

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
