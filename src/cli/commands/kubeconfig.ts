import { knownLab } from '../../app/open-lab.js';
import { CliError } from '../../errors/cli-error.js';
import { readText } from '../../state/private-files.js';
import type { LabFlags } from '../flags.js';
import { labName } from '../lab.js';
import { mergeKubeconfig } from '../merge-kubeconfig.js';
import type { Session } from '../run-cli.js';
import { openWorld } from '../world.js';

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
  if (flags.merge) return void process.stdout.write(`${await mergeKubeconfig(name, world)}\n`);
  process.stdout.write(flags.show ? text : `${kubeconfig}\n`);
};
