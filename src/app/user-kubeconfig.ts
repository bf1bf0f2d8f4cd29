import { hasContext, withoutContext } from '../kube/merge-kubeconfig.js';
import { contextName } from '../stages/k3s/kubeconfig.js';
import { readText, writePrivate } from '../state/private-files.js';
import type { World } from './world.js';

/** The lab's context in the kubeconfig of this user, if it was merged into that: `kglab-demo in /root/.kube/config`. */
export const mergedContext = async (lab: string, { userKubeconfig }: World): Promise<string | undefined> => {
  const text = await readText(userKubeconfig);
  const name = contextName(lab);
  return text !== undefined && hasContext(text, name) ? `${name} in ${userKubeconfig}` : undefined;
};

/** Takes the lab's context out of the kubeconfig of this user; a file without it is not touched. */
export const forgetContext = async (lab: string, world: World): Promise<void> => {
  if ((await mergedContext(lab, world)) === undefined) return;
  const text = (await readText(world.userKubeconfig)) ?? '';
  await writePrivate(world.userKubeconfig, withoutContext(text, contextName(lab)));
};
