import { fresh, machineInfo, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { getObjects, nodeView, type NodeView } from '../../kube/kubectl.js';
import { retryable, waitFor } from '../../util/wait.js';
import { nodeSpecs, type NodeSpec } from './config.js';
import { forgetPassword } from './forget.js';
import { isRejected, k3sFailure, k3sUnit } from './unit.js';
import { awaitAll } from '../../util/pool.js';

type Input = Pick<NodeSpec, 'machine' | 'server'>;

/** Timeout until a node is Ready (milliseconds): seconds, or minutes while images are pulled. */
const READY_MS = 180_000;
/** All waiting steps share one `kubectl get nodes` per slice of this length (milliseconds). */
const SLICE_MS = 600;

const nodes = async (server: string, context: StepContext): Promise<readonly NodeView[]> =>
  (await getObjects(context, server, 'nodes')).map(nodeView);

const NOT_JOINED = 'the node has not joined';
const NOT_HEARD = 'the node has not reported since k3s was started';

interface MachineFacts {
  readonly address: string | undefined;
  /** When k3s was started on the machine (milliseconds since 1970). */
  readonly startedAt: number;
}

/**
 * What a node lacks; undefined when it is Ready. Reports from before k3s was started do not count: Kubernetes believes
 * those of a dead kubelet for another 40 s (node-monitor-grace-period).
 */
const nodeGap = (node: NodeView | undefined, { address, startedAt }: MachineFacts): string | undefined => {
  if (node === undefined) return NOT_JOINED;
  if (node.reportedAt < startedAt) return NOT_HEARD;
  if (!node.ready) return `the node is not Ready: ${node.message}`;
  return node.address === address
    ? undefined
    : `the node reports address ${node.address}, the machine has ${address}`;
};

const factsOf = async (machine: string, server: string, context: StepContext): Promise<MachineFacts> => {
  const unit = k3sUnit(machine, machine === server ? 'server' : 'agent', context);
  const [info, { startedAt }] = await awaitAll([machineInfo(machine, context), unit]);
  return { address: info?.address, startedAt };
};

/** How often to read the journal of an agent that has not joined (milliseconds); most join before the first time. */
const ASK_EVERY_MS = 5_000;

/**
 * Notices an agent whose password the cluster rejects (k3s.forget could not ask a server that was down), and deletes
 * the old password, once. The agent retries by itself.
 */
const impostorWatch = (input: Input, context: StepContext) => {
  let next = context.clock.now() + ASK_EVERY_MS;
  return async (missing: string | undefined): Promise<void> => {
    const isUnheard = missing === NOT_JOINED || missing === NOT_HEARD;
    if (input.machine === input.server || !isUnheard || context.clock.now() < next) return;
    next = context.clock.now() + ASK_EVERY_MS;
    if (!(await isRejected(input.machine, context))) return;
    next = Infinity;
    context.say(
      'the cluster still has the password of an earlier machine with this name; deleting that password',
    );
    await forgetPassword(input, context);
  };
};

/** The node is Ready with the machine's present address. Throws K3S_NODE_NOT_READY or K3S_NOT_STARTED. */
export const waitUntilReady = defineStep<Input>({
  kind: 'k3s.ready',
  inputs: (config) => nodeSpecs(config).map(({ machine, server }) => ({ machine, server })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Wait until node ${machine} is Ready`,
  needs: ({ machine, server }) => [machine === server ? `k3s.service:${machine}` : `k3s.member:${machine}`],
  probe: async ({ machine, server }, context) => {
    const found = await context.fact('nodes', () => nodes(server, context));
    const missing = nodeGap(
      found.find(({ name }) => name === machine),
      await factsOf(machine, server, context),
    );
    return missing === undefined ? satisfied : pending(missing);
  },
  apply: async (input, context) => {
    const { machine, server } = input;
    const { clock, signal } = context;
    const noticeImpostor = impostorWatch(input, context);
    const known = await factsOf(machine, server, fresh(context));
    let missing: string | undefined;
    const ready = await waitFor(
      async () => {
        const slice = Math.floor(clock.now() / SLICE_MS);
        const ask = () => nodes(server, context).catch((error: unknown) => retryable(error, signal));
        const found = await context.fact(`nodes in slice ${slice}`, ask);
        if (found instanceof CliError) {
          missing = found.message;
          return undefined;
        }
        missing = nodeGap(
          found.find(({ name }) => name === machine),
          known,
        );
        await noticeImpostor(missing);
        return missing === undefined ? true : undefined;
      },
      { clock, signal, timeoutMs: READY_MS, everyMs: SLICE_MS },
    );
    if (ready) return;
    if (missing === NOT_JOINED && machine !== server)
      throw await k3sFailure(
        machine,
        'agent',
        `${machine} has not joined after ${READY_MS / 1000} s`,
        context,
      );
    throw new CliError(
      'K3S_NODE_NOT_READY',
      `Node ${machine} is not Ready after ${READY_MS / 1000} s: ${missing}.`,
      {
        hint: `See the state of the node: kglab kubectl -- describe node ${machine}\nThen run \`kglab up\` again.`,
      },
    );
  },
});
