import { join } from 'node:path';
import { down, planRemoval } from '../../app/down.js';
import { knownLab } from '../../app/open-lab.js';
import { CliError } from '../../errors/cli-error.js';
import { takeLock } from '../../state/lock.js';
import type { LabFlags } from '../flags.js';
import { labName } from '../lab.js';
import type { Session } from '../run-cli.js';
import { openWorld } from '../world.js';

export interface DownFlags extends LabFlags {
  readonly yes?: boolean;
}

const confirm = async (name: string, lines: readonly string[], { yes }: DownFlags): Promise<void> => {
  if (yes) return;
  const hint = `Say so: kglab down -n ${name} --yes`;
  if (!process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', `Taking lab ${name} down removes its machines and data.`, {
      details: lines,
      hint,
    });
  const { askText } = await import('../../prompt/ask.js');
  process.stderr.write(`${lines.join('\n')}\n`);
  if ((await askText(`Type the name of the lab to remove all that (${name}):`)) === name) return;
  throw new CliError('CONFIRMATION_NEEDED', 'The name does not fit; nothing was removed.', { hint });
};

/** `kglab down` */
export const downCommand = async (session: Session, flags: DownFlags): Promise<void> => {
  const name = await labName(flags);
  const world = await openWorld(session, flags, { what: 'down' });
  const record = await knownLab(name, world);
  const removal = await planRemoval(record, world);
  const machines = removal.machines.map(
    (machine) => `  machine ${machine.name} (${machine.state}) with its bricks`,
  );
  await confirm(
    name,
    [`This removes lab ${name}:`, ...machines, '  its network, its k3s token, kubeconfig and logs'],
    flags,
  );
  const release = await takeLock(join(world.store.dir(name), 'lock'), 'down', world.clock.now());
  try {
    await down(removal, world);
  } finally {
    await release();
  }
  world.say(`Lab ${name} is gone: ${removal.machines.length} machines removed.`);
};
