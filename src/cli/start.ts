import { knownLab } from '../lab/open.js';
import { start } from '../app/start.js';
import { look } from '../app/status.js';
import { drawLab } from '../report/picture.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { labName } from './support/load-lab.js';
import { renderOutput } from './support/output.js';
import type { Session } from './support/session.js';
import { stdout } from './support/streams.js';
import { summaryOf } from './support/run-summary.js';
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
