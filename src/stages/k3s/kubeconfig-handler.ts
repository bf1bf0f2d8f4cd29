import { pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { CliError } from '../../errors/cli-error.js';
import { machineInfo } from '../machine-info.js';
import { forHost, SERVER_FILE } from './kubeconfig.js';

/** The server's kubeconfig, with its address; read privately, as it holds a client key. */
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

/** A kubeconfig for this host, readable by its owner alone. */
export const kubeconfigHandler: StepHandler<'k3s.kubeconfig'> = {
  probe: async ({ server }, context) => {
    const found = await context.files.read(context.files.kubeconfig);
    if (found === undefined) return pending('there is none yet');
    return found === (await wanted(server, context))
      ? satisfied
      : pending('it is that of another cluster or address');
  },
  apply: async ({ server }, context) => {
    await context.files.write(context.files.kubeconfig, await wanted(server, context));
  },
};
