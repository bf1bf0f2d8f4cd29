import type { StepContext } from '../engine/context.js';
import { guestScript } from '../guest/script.js';

/** Longer than this and the shutdown does it its own way. */
const QUIESCE_MS = 30_000;

/** Ends k3s and the pods of a machine that is about to be shut down. Not being able to is no error. */
export const quiesce = async (
  machine: string,
  context: Pick<StepContext, 'machine' | 'signal'>,
): Promise<void> => {
  const options = { signal: context.signal, timeoutMs: QUIESCE_MS };
  await context
    .machine(machine)
    .exec(guestScript('k3s.sh', 'end_pods'), options)
    .catch(ignoreUnlessAborted(context.signal));
};

const ignoreUnlessAborted =
  (signal: AbortSignal) =>
  (error: unknown): void => {
    if (signal.aborted) throw error;
  };
