import { start, stop } from '../app/power.js';
import { look } from '../app/status.js';
import { drawLab } from '../report/picture.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { renderOutput, summaryOf } from './support/output.js';
import type { Session } from './support/session.js';
import { stdout } from './support/streams.js';
import { withLock } from '../lab/with-lock.js';
import { openKnownLab } from './support/open-world.js';

/** `kglab start` */
export const startCommand = async (session: Session, flags: LabFlags & OutputFlags): Promise<void> => {
  const lab = await openKnownLab(session, flags, { what: 'start', log: true });
  const { name, record, world } = lab;
  const result = await withLock(world, name, 'start', () => start(lab));
  await world.reporter.close();
  const picture = flags.output === 'table' && flags.quiet !== true ? drawLab(await look(lab)) : '';
  const summary = summaryOf(name, record.provider, result);
  stdout.write(await renderOutput(flags.output, summary, () => picture));
};

/** `kglab stop` */
export const stopCommand = async (session: Session, flags: LabFlags & { force?: boolean }): Promise<void> => {
  const lab = await openKnownLab(session, flags, { what: 'stop', log: true });
  const { name, world } = lab;
  const start = world.clock.now();
  const stopped = await withLock(world, name, 'stop', () => stop(lab, { force: flags.force ?? false }));
  const seconds = ((world.clock.now() - start) / 1000).toFixed(1);
  world.say(
    stopped.length === 0
      ? `Lab ${name} is already off.`
      : `Lab ${name} is off (${stopped.length} ${stopped.length === 1 ? 'machine' : 'machines'} stopped in ${seconds} s). Start it again: kglab start -n ${name}`,
  );
};
