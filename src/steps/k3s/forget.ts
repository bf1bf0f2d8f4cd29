import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { cmd, sh } from '../../exec/command.js';
import { getObjects, runKubectl } from '../../kube/kubectl.js';
import { agentSpecs } from './config.js';

interface Input {
  readonly machine: string;
  readonly server: string;
}

/** Made by an agent's first start, and what the cluster knows it by ever after. */
const PASSWORD = '/etc/rancher/node/password';

const succeeds = async (
  machine: string,
  context: StepContext,
  ...words: [string, ...string[]]
): Promise<boolean> =>
  (await context.machine(machine).exec(cmd(...words), { signal: context.signal })).exitCode === 0;

/** The node and its password, as the cluster of a running server has them; one that is not up yet is asked by k3s.ready. */
const remembered = async ({ machine, server }: Input, context: StepContext): Promise<boolean> => {
  if (!(await succeeds(server, context, 'systemctl', 'is-active', '-q', 'k3s.service'))) return false;
  const found = await context.fact('nodes and passwords', async () => [
    ...(await getObjects(context, server, 'nodes')),
    ...(await getObjects(context, server, 'secrets', '-n', 'kube-system')),
  ]);
  const names = [machine, secretOf(machine)];
  return found.some(({ metadata }) => names.includes(metadata.name));
};

const secretOf = (machine: string): string => `${machine}.node-password.k3s`;

/**
 * Lets the cluster take the next password that the machine comes with. The node stays: made anew, it would get another
 * range of addresses, and pods that run on it would be cut off.
 */
export const forgetPassword = async ({ machine, server }: Input, context: StepContext): Promise<void> => {
  const secret = ['secret', secretOf(machine), '--ignore-not-found'];
  await runKubectl(context, server, ['-n', 'kube-system', 'delete', ...secret]);
};

/** A machine that was made anew is not refused as an impostor of the one that had its name before. */
export const forgetMachine = defineStep<Input>({
  kind: 'k3s.forget',
  inputs: (config) => agentSpecs(config).map(({ machine, server }) => ({ machine, server })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Let the cluster forget an earlier ${machine}`,
  needs: ({ machine, server }) => [`k3s.config:${machine}`, `machines.ready:${server}`],
  probe: async (input, context) => {
    if (await succeeds(input.machine, context, 'test', '-s', PASSWORD)) return satisfied;
    return (await remembered(input, context))
      ? pending('the cluster knows another machine of that name')
      : satisfied;
  },
  apply: async (input, context) => {
    await context
      .machine(input.machine)
      .exec(sh('systemctl stop k3s-agent 2>/dev/null; :'), { signal: context.signal });
    await runKubectl(context, input.server, ['delete', 'node', input.machine, '--ignore-not-found']);
    await forgetPassword(input, context);
  },
});
