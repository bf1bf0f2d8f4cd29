import { serverMachine } from '../../config/roles.js';
import { machineInfo, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { forHost, SERVER_FILE } from '../../kube/lab-kubeconfig.js';

/** The server's kubeconfig with the server's address. The command is private because the output has a client key. */
const wanted = async (server: string, context: StepContext): Promise<string> => {
  const address = (await machineInfo(server, context))?.address;
  if (address === undefined) throw new CliError('MACHINE_UNREACHABLE', `No address is known for ${server}.`);
  const { stdout } = await checked(
    context.machine(server),
    server,
    { ...cmd('cat', SERVER_FILE), private: true },
    { code: 'K3S_FAILED', what: `Reading the kubeconfig of ${server}`, signal: context.signal },
  );
  return forHost(stdout, context.lab.name, address);
};

/** The host has a kubeconfig for the cluster, readable by its owner only. */
export const fetchKubeconfig = defineStep<{ readonly server: string }>({
  kind: 'k3s.kubeconfig',
  inputs: (config) => [{ server: serverMachine(config) }],
  title: () => 'Fetch the kubeconfig for this host',
  needs: ({ server }) => [`k3s.service:${server}`],
  probe: async ({ server }, context) => {
    const found = await context.files.read(context.files.kubeconfig);
    if (found === undefined) return pending('this host has no kubeconfig of the lab yet');
    return found === (await wanted(server, context))
      ? satisfied
      : pending('the kubeconfig is for another cluster or address');
  },
  apply: async ({ server }, context) => {
    await context.files.write(context.files.kubeconfig, await wanted(server, context));
  },
});
