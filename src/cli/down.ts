import { down, planRemoval, type Certificate, type Removal } from '../app/down.js';
import { loadLab } from '../lab/open.js';
import { assertUnprotected } from '../app/protect.js';
import type { World } from '../lab/world.js';
import { CliError } from '../errors/cli-error.js';
import { certificateRows, certificateText } from '../report/certificate.js';
import { confirmByName } from './support/confirm.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { labName } from './support/lab-file.js';
import { renderOutput, renderTable } from './support/output.js';
import type { Session } from './support/session.js';
import { withLock } from '../lab/with-lock.js';
import { openWorld } from './support/open-world.js';
import { stdout } from './support/streams.js';

export interface DownFlags extends LabFlags, OutputFlags {
  readonly yes?: boolean;
  readonly keepData?: boolean;
}

const whatGoes = ({ lab: { record }, machines, before }: Removal, keepData: boolean): readonly string[] => {
  const bricks = keepData ? '; its bricks are kept' : ', and its bricks (data is deleted)';
  const others = before.filter(({ kind }) =>
    ['machine being launched', 'host mount', 'network interface', 'directory', 'kubeconfig context'].includes(
      kind,
    ),
  );
  return [
    `This removes lab ${record.name} (id ${record.id}):`,
    ...machines.map(({ name, state }) => `  machine ${name} (${state})${bricks}`),
    ...others.map(({ kind, what }) => `  ${kind} ${what}`),
  ];
};

const table = (found: Certificate): string =>
  `${renderTable(['kind', 'before', 'left'], certificateRows(found))}\n${certificateText(found)}`;

const nothingOf = async (name: string, { store }: World): Promise<string> => {
  const others = await store.names();
  const known = others.length > 0 ? ` Labs of this user: ${others.join(', ')}` : '';
  return `There is no lab ${name}; nothing to remove.${known}`;
};

/** Removes the logs of an `up` that failed before it created anything; the lock protects one that is starting now. */
const forgetLogs = async (name: string, world: World): Promise<void> => {
  if (!(await world.store.hasFolder(name))) return;
  await withLock(world, name, 'down', async () => {
    if ((await world.store.load(name)) === undefined) await world.store.remove(name);
  });
};

/** Throws LAB_NOT_GONE, listing what is left and why. */
const assertGone = ({ lab, left }: Certificate, command: string): void => {
  if (left.length === 0) return;
  throw new CliError('LAB_NOT_GONE', `Lab ${lab} was not removed completely.`, {
    details: left.flatMap(({ kind, what, why }) => `${kind} ${what}: ${why}`.split('\n')),
    hint: `Remove what blocks the removal (listed above), then: ${command}`,
  });
};

/** `kglab down` */
export const downCommand = async (session: Session, flags: DownFlags): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'down' });
  const lab = await loadLab(name, world);
  // `down` may be repeated: a missing lab is no error.
  if (lab === undefined) {
    await forgetLogs(name, world);
    return world.say(await nothingOf(name, world));
  }
  assertUnprotected(lab.record);
  const keep = flags.keepData ?? false;
  const lines = whatGoes(await planRemoval(lab), keep);
  const command = `kglab down -n ${name}${keep ? ' --keep-data' : ''}`;
  await confirmByName({ name, lines, command, yes: flags.yes });
  const found = await withLock(world, name, 'down', async () => {
    // Read the lab again: another kglab may have changed it before this one got the lock.
    const now = (await loadLab(name, world)) ?? lab;
    assertUnprotected(now.record);
    return down(await planRemoval(now), { keep });
  });
  stdout.write(await renderOutput(flags.output, found, () => table(found)));
  assertGone(found, command);
};
