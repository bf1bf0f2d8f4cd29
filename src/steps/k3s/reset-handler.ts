import { pending, satisfied, type StepHandler } from '../../engine/context.js';
import { sh } from '../../exec/command.js';
import { clearK3s } from './clear.js';

/** Succeeds when a cluster has left anything on the machine. */
const HAS_STATE =
  '[ -e /etc/rancher/node/password ] || [ -d /var/lib/rancher/k3s/server ] || [ -e /var/lib/rancher/k3s/agent/server-ca.crt ]';

/** Nothing of a cluster is on the machine: only in a plan that builds a new one. */
export const resetHandler: StepHandler<'k3s.reset'> = {
  probe: async ({ machine }, context) => {
    const { exitCode } = await context.machine(machine).exec(sh(HAS_STATE), { signal: context.signal });
    return exitCode === 0 ? pending('the cluster is to be built anew') : satisfied;
  },
  apply: ({ machine, mounts }, context) => clearK3s(machine, mounts, context),
};
