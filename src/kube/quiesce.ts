import type { StepContext } from '../engine/context.js';
import { sh } from '../exec/command.js';

/**
 * Looks at whether pods have ended, half a second apart: 6 s in all, as agents and server take turns in a stop. A
 * kubelet gives a pod 30 s, which nobody who stops a lab waits for.
 */
const LOOKS = 12;

/**
 * Stops k3s (pods outlive that, as KillMode=process means them to) and then ends the pods as a kubelet does: SIGTERM to
 * the first process of every container, so that a database ends in order, and what does not heed it is killed, first
 * what would start it again. The pause containers hold a pod's namespaces together and go last.
 */
export const END_PODS = `
pods() { find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u; }
mains() {
  for pid in $(pods); do
    grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" || continue
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = pause ] || echo "$pid"
  done
}
for unit in k3s k3s-agent; do systemctl stop $unit 2>/dev/null; done
pids=$(mains)
[ -z "$pids" ] || kill -TERM $pids 2>/dev/null
looks=0
while [ "$looks" -lt ${LOOKS} ] && [ -n "$(mains)" ]; do sleep 0.5; looks=$((looks + 1)); done
pkill -KILL -x containerd-shim
for try in 1 2 3 4 5 6 7 8 9 10; do
  pids=$(pods)
  [ -z "$pids" ] && break
  kill -KILL $pids 2>/dev/null
  sleep 0.2
done
:`;

/** Longer than this and the shutdown does it its own way. */
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
