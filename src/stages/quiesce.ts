import type { StepContext } from '../engine/context.js';
import { sh } from '../exec/command.js';

/**
 * Stops k3s (pods outlive that, as KillMode=process means them to) and then kills the pods: first what would start
 * them again, then everything in their control groups.
 */
export const END_PODS = `
for unit in k3s k3s-agent; do systemctl stop $unit 2>/dev/null; done
pkill -KILL -x containerd-shim
for try in 1 2 3 4 5 6 7 8 9 10; do
  pids=$(find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u)
  [ -z "$pids" ] && break
  kill -KILL $pids 2>/dev/null
  sleep 0.2
done
:`;

/** Pods that ignore SIGTERM would hold a shutdown up; longer than this and the shutdown does it its own way. */
const QUIESCE_MS = 30_000;

/** Ends k3s and the pods of a machine that is about to be shut down. Not being able to is no error. */
export const quiesce = async (
  machine: string,
  context: Pick<StepContext, 'machine' | 'signal'>,
): Promise<void> => {
  const options = { signal: context.signal, timeoutMs: QUIESCE_MS };
  await context.machine(machine).exec(sh(END_PODS), options).catch(ignoreUnlessAborted(context.signal));
};

const ignoreUnlessAborted =
  (signal: AbortSignal) =>
  (error: unknown): void => {
    if (signal.aborted) throw error;
  };
