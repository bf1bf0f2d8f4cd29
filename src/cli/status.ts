import { status, type Status } from '../app/status.js';
import { drawLab } from '../report/picture.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { renderOutput } from './support/output.js';
import type { Session } from './support/session.js';
import { openKnownLab } from './support/open-world.js';
import { stdout } from './support/streams.js';

const SHOWN = 12;

const todo = ({ pending }: Status): string => {
  if (pending.length === 0) return '\nNothing to do: the lab fits its lab file.\n';
  const lines = pending.slice(0, SHOWN).map(({ title, because }) => `  ${title} (${because})`);
  const more = pending.length > SHOWN ? [`  … and ${pending.length - SHOWN} more`] : [];
  return ['', `kglab up would run ${pending.length} steps:`, ...lines, ...more, ''].join('\n');
};

/** `kglab status` */
export const statusCommand = async (session: Session, flags: LabFlags & OutputFlags): Promise<void> => {
  const found = await status(await openKnownLab(session, flags, { what: 'status' }));
  const data = { ...found.picture, healthy: found.pending.length === 0, pending: found.pending };
  stdout.write(await renderOutput(flags.output, data, () => drawLab(found.picture) + todo(found)));
};
