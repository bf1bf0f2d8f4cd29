import type { World } from '../lab/world.js';
import { mergeContext } from '../app/user-kubeconfig.js';

/** Adds the lab's cluster to the kubeconfig of this user; says so. Throws as {@link mergeContext}. */
export const mergeKubeconfig = async (lab: string, world: World): Promise<string> => {
  const { context, path } = await mergeContext(lab, world);
  return `context ${context} is now in ${path}: kubectl --context ${context} get nodes`;
};
