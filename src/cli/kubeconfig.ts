import { CliError } from '../errors/cli-error.js';
import { readText } from '../util/private-files.js';
import type { LabFlags } from './support/flags.js';
import { mergeKubeconfig } from '../app/user-kubeconfig.js';
import type { Session } from './support/session.js';
import { openKnownLab } from './support/open-world.js';
import { stdout } from './support/streams.js';

/** `kglab kubeconfig` */
export const kubeconfigCommand = async (
  session: Session,
  flags: LabFlags & { show?: boolean; merge?: boolean },
): Promise<void> => {
  const { name, files, world } = await openKnownLab(session, flags, { what: 'kubeconfig' });
  const text = await readText(files.kubeconfig);
  if (text === undefined)
    throw new CliError('LAB_UNKNOWN', `Lab ${name} has no kubeconfig yet.`, {
      hint: `Complete the lab first: kglab up -n ${name}`,
    });
  if (flags.merge) return void stdout.write(`${await mergeKubeconfig(name, world)}\n`);
  stdout.write(flags.show ? text : `${files.kubeconfig}\n`);
};
