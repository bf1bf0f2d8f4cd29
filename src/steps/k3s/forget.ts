import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { cmd } from '../../exec/command.js';
import { getObjects, runKubectl } from '../../kube/kubectl.js';
import { agentSpecs } from './config.js';

interface Input {
  readonly machine: string;
  readonly server: string;
}

/** Created at an agent's first start; the cluster recognizes the agent by it. */
const PASSWORD = '/etc/rancher/node/password';

const succeeds = async (
  machine: string,
  context: StepContext,
  ...words: [string, ...string[]]
): Promise<boolean> =>
  (await context.machine(machine).exec(cmd(...words), { signal: context.signal })).exitCode === 0;

/** Whether the cluster has the node or its password. False while the server is down: k3s.ready handles that case. */
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
 * Deletes the node's password, so that the cluster accepts the next one. The Node object stays: a new one would get
 * another pod network, and running pods would lose their connection.
 */
export const forgetPassword = async ({ machine, server }: Input, context: StepContext): Promise<void> => {
  const secret = ['secret', secretOf(machine), '--ignore-not-found'];
  await runKubectl(context, server, ['-n', 'kube-system', 'delete', ...secret]);
};

/** The cluster accepts a recreated machine although it knows another password for its name. */
export const forgetMachine = defineStep<Input>({
  kind: 'k3s.forget',
  inputs: (config) => agentSpecs(config).map(({ machine, server }) => ({ machine, server })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Remove the stale node ${machine}`,
  needs: ({ machine, server }) => [`k3s.config:${machine}`, `machines.ready:${server}`],
  probe: async (input, context) => {
    if (await succeeds(input.machine, context, 'test', '-s', PASSWORD)) return satisfied;
    return (await remembered(input, context))
      ? pending('the cluster still knows an earlier machine with this name')
      : satisfied;
  },
  apply: async (input, context) => {
    await context
      .machine(input.machine)
      .exec(cmd('systemctl', 'stop', 'k3s-agent'), { signal: context.signal });
    await runKubectl(context, input.server, ['delete', 'node', input.machine, '--ignore-not-found']);
    await forgetPassword(input, context);
  },
});
