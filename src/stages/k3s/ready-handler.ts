import { fresh, pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { getObjects } from '../../kube/kubectl.js';
import { nodeView, type NodeView } from '../../kube/node.js';
import type { StepInputs } from '../../plan/step.js';
import { unanswered, waitFor } from '../../util/wait.js';
import { machineInfo } from '../machine-info.js';
import { forgetPassword } from './forget-handler.js';
import { isRejected, k3sFailure } from './journal.js';
import { k3sUnit } from './unit-state.js';
import { awaitAll } from '../../util/pool.js';

type Input = StepInputs['k3s.ready'];

/** From "service up" to Ready takes seconds; images still being pulled can make it minutes. */
const READY_MS = 180_000;
/** All waiting steps share one look at the nodes per slice of this length (milliseconds). */
const SLICE_MS = 600;

const nodes = async (server: string, context: StepContext): Promise<readonly NodeView[]> =>
  (await getObjects(context, server, 'nodes')).map(nodeView);

const NOT_JOINED = 'the node has not joined';
const NOT_HEARD = 'the node has not reported since k3s was started';

interface Truth {
  readonly address: string | undefined;
  /** When k3s was started on the machine (milliseconds since 1970). */
  readonly startedAt: number;
}

/**
 * What a node lacks. The word of a kubelet that is gone counts for 40 s more (node-monitor-grace-period), so that only
 * what its successor says is believed.
 */
const gap = (node: NodeView | undefined, { address, startedAt }: Truth): string | undefined => {
  if (node === undefined) return NOT_JOINED;
  if (node.reportedAt < startedAt) return NOT_HEARD;
  if (!node.ready) return `the node is not Ready: ${node.message}`;
  return node.address === address
    ? undefined
    : `the node reports address ${node.address}, the machine has ${address}`;
};

const truth = async (machine: string, server: string, context: StepContext): Promise<Truth> => {
  const unit = k3sUnit(machine, machine === server ? 'server' : 'agent', context);
  const [info, { startedAt }] = await awaitAll([machineInfo(machine, context), unit]);
  return { address: info?.address, startedAt };
};

/** How often an agent that is not heard of is asked why (milliseconds); most are heard of before the first time. */
const ASK_EVERY_MS = 5_000;

/**
 * Notices an agent that the cluster takes for an impostor, as its server was not up yet when that was to be settled,
 * and lets the cluster forget the earlier machine, once: the agent tries again by itself.
 */
const impostorWatch = (input: Input, context: StepContext) => {
  let next = context.clock.now() + ASK_EVERY_MS;
  return async (missing: string | undefined): Promise<void> => {
    const isUnheard = missing === NOT_JOINED || missing === NOT_HEARD;
    if (input.machine === input.server || !isUnheard || context.clock.now() < next) return;
    next = context.clock.now() + ASK_EVERY_MS;
    if (!(await isRejected(input.machine, context))) return;
    next = Infinity;
    context.say('the cluster knows another machine of that name, and forgets its password');
    await forgetPassword(input, context);
  };
};

/** The node is Ready, under the address that the machine has now. */
export const nodeReadyHandler: StepHandler<'k3s.ready'> = {
  probe: async ({ machine, server }, context) => {
    const found = await context.fact('nodes', () => nodes(server, context));
    const missing = gap(
      found.find(({ name }) => name === machine),
      await truth(machine, server, context),
    );
    return missing === undefined ? satisfied : pending(missing);
  },
  apply: async (input, context) => {
    const { machine, server } = input;
    const { clock, signal } = context;
    const noticeImpostor = impostorWatch(input, context);
    const known = await truth(machine, server, fresh(context));
    let missing: string | undefined;
    const ready = await waitFor(
      async () => {
        const slice = Math.floor(clock.now() / SLICE_MS);
        const look = () => nodes(server, context).catch((error: unknown) => unanswered(error, signal));
        const found = await context.fact(`nodes in slice ${slice}`, look);
        if (found instanceof CliError) {
          missing = found.message;
          return undefined;
        }
        missing = gap(
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
        hint: `See: kglab kubectl -- describe node ${machine}\nThen run \`kglab up\` again.`,
      },
    );
  },
};
