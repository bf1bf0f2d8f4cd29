import { knownLab } from '../lab/open.js';
import { CliError } from '../errors/cli-error.js';
import { readText } from '../util/private-files.js';
import type { LabFlags } from './support/flags.js';
import { labName } from './support/lab-file.js';
import { mergeKubeconfig } from '../app/user-kubeconfig.js';
import type { Session } from './support/session.js';
import { openWorld } from './support/open-world.js';
import { stdout } from './support/streams.js';

/** `kglab kubeconfig` */
export const kubeconfigCommand = async (
  session: Session,
  flags: LabFlags & { show?: boolean; merge?: boolean },
): Promise<void> => {
  const world = await openWorld(session, flags, { what: 'kubeconfig' });
  const { name } = await knownLab(await labName(flags), world);
  const { kubeconfig } = world.store.files(name);
  const text = await readText(kubeconfig);
  if (text === undefined)
    throw new CliError('LAB_UNKNOWN', `Lab ${name} has no kubeconfig yet.`, {
      hint: `Finish it first: kglab up -n ${name}`,
    });
  if (flags.merge) return void stdout.write(`${await mergeKubeconfig(name, world)}\n`);
  stdout.write(flags.show ? text : `${kubeconfig}\n`);
};
