import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { getObjects, nodeView } from '../../kube/kubectl.js';
import { agentSpecs, type NodeSpec } from './config.js';
import { clearK3s } from './reset.js';
import { awaitAll } from '../../util/pool.js';
import { guestScript } from '../../guest/script.js';

/** The CA certificate of the cluster on the server, and the copy that an agent got. */
const SERVER_CA = '/var/lib/rancher/k3s/server/tls/server-ca.crt';
const AGENT_CA = '/var/lib/rancher/k3s/agent/server-ca.crt';

/** The text of a certificate file without white space; empty when there is none. */
const certificate = async (machine: string, path: string, context: StepContext): Promise<string> => {
  const { stdout } = await context
    .machine(machine)
    .exec(guestScript('k3s.sh', 'certificate', path), { signal: context.signal });
  return stdout.replaceAll(/\s/g, '');
};

const isReady = async (machine: string, server: string, context: StepContext): Promise<boolean> => {
  const nodes = await context.fact('nodes', async () =>
    (await getObjects(context, server, 'nodes')).map(nodeView),
  );
  return nodes.some(({ name, ready }) => name === machine && ready);
};

/** The agent belongs to the server's present cluster, not to the cluster of an earlier server. */
export const joinCluster = defineStep<Pick<NodeSpec, 'machine' | 'server' | 'mounts'>>({
  kind: 'k3s.member',
  inputs: (config) => agentSpecs(config).map(({ machine, server, mounts }) => ({ machine, server, mounts })),
  target: ({ machine }) => machine,
  title: ({ machine, server }) => `Check that ${machine} joined ${server}`,
  needs: ({ machine, server }) => [`k3s.service:${machine}`, `k3s.service:${server}`],
  probe: async ({ machine, server }, context) => {
    if (await isReady(machine, server, context)) return satisfied;
    const [known, right] = await awaitAll([
      certificate(machine, AGENT_CA, context),
      certificate(server, SERVER_CA, context),
    ]);
    return known === '' || right === '' || known === right
      ? satisfied
      : pending('the agent is still joined to an old cluster');
  },
  apply: async ({ machine, mounts }, context) => {
    await clearK3s(machine, mounts, context);
    await checked(context.machine(machine), machine, cmd('systemctl', 'start', 'k3s-agent'), {
      code: 'K3S_NOT_STARTED',
      what: `Starting k3s-agent on ${machine}`,
      hint: `See the journal of k3s-agent: kglab exec ${machine} -- journalctl -u k3s-agent -n 50`,
      signal: context.signal,
      timeoutMs: 300_000,
    });
  },
});
