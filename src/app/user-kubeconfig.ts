import { hasContext, withoutContext } from '../kube/merge-kubeconfig.js';
import { contextName } from '../kube/lab-kubeconfig.js';
import { readText, writeUsers } from '../util/private-files.js';
import type { World } from '../lab/world.js';

/** The text of this user's kubeconfig; undefined when there is none, or none that can be read. */
const ownText = ({ userKubeconfig }: World): Promise<string | undefined> =>
  readText(userKubeconfig).catch(() => undefined);

/** The lab's context in the kubeconfig of this user, if it was merged into that: `kglab-demo in /root/.kube/config`. */
export const mergedContext = async (lab: string, world: World): Promise<string | undefined> => {
  const text = await ownText(world);
  const name = contextName(lab);
  return text !== undefined && hasContext(text, name) ? `${name} in ${world.userKubeconfig}` : undefined;
};

/** Takes the lab's context out of the kubeconfig of this user; a file without it is not touched. */
export const forgetContext = async (lab: string, world: World): Promise<void> => {
  const { userKubeconfig } = world;
  const text = await readText(userKubeconfig).catch((error: Error) => {
    world.say(`${userKubeconfig} cannot be read, so the lab's context may still be in it: ${error.message}`);
    return undefined;
  });
  const name = contextName(lab);
  if (text !== undefined && hasContext(text, name))
    await writeUsers(userKubeconfig, withoutContext(text, name));
};
