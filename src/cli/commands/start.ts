import { knownLab } from '../../app/open-lab.js';
import { start } from '../../app/start.js';
import { look } from '../../app/status.js';
import { drawLab } from '../../report/picture.js';
import type { LabFlags, OutputFlags } from '../flags.js';
import { labName } from '../lab.js';
import { renderOutput } from '../output.js';
import type { Session } from '../run-cli.js';
import { summaryOf } from '../run-summary.js';
import { stdout } from '../streams.js';
import { withLock } from '../with-lock.js';
import { openWorld } from '../world.js';

/** `kglab start` */
export const startCommand = async (session: Session, flags: LabFlags & OutputFlags): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'start', logFor: name, existing: true });
  try {
    const record = await knownLab(name, world);
    const result = await withLock(world, name, 'start', () => start(record, world));
    await world.reporter.close();
    const picture =
      flags.output === 'table' && flags.quiet !== true ? drawLab(await look(record, world)) : '';
    const summary = summaryOf(name, record.provider, result);
    stdout.write(await renderOutput(flags.output, summary, () => picture));
  } finally {
    await world.reporter.close();
  }
};
