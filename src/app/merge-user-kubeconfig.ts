import type { World } from '../lab/world.js';
import { CliError } from '../errors/cli-error.js';
import { mergeContexts } from '../kube/merge-kubeconfig.js';
import { readText, writeUsers } from '../util/private-files.js';

/** Adds the lab's cluster to the kubeconfig of this user (the first file of KUBECONFIG, else ~/.kube/config); says so. */
export const mergeKubeconfig = async (
  labFile: string,
  { userKubeconfig: target }: World,
): Promise<string> => {
  const lab = await readText(labFile);
  if (lab === undefined)
    throw new CliError('LAB_UNKNOWN', 'The lab has no kubeconfig yet.', {
      hint: 'Finish it first: kglab up',
    });
  const own = await readText(target).catch((cause: unknown) => {
    throw new CliError('HOST_UNFIT', `${target} cannot be read, so nothing is merged into it.`, {
      hint: 'See what KUBECONFIG names; the lab has a file of its own: kglab kubeconfig',
      cause,
    });
  });
  const { text, context } = mergeContexts(own ?? '', lab);
  await writeUsers(target, text, { keys: true });
  return `context ${context} is now in ${target}: kubectl --context ${context} get nodes`;
};
