import { fresh, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import type { CliError } from '../../errors/cli-error.js';
import { sh } from '../../exec/command.js';
import { PATHS, unitOf } from '../../guest/paths.js';
import { waitFor } from '../../util/wait.js';
import { nodeSpecs, type NodeSpec } from './config.js';
import { k3sFailure, k3sUnit } from './unit.js';

/** First start unpacks the binary and the images and, on a VM with a slow disk, takes minutes. */
const START_MS = 300_000;
/**
 * A k3s that systemd has to restart so often now will not come up by waiting (RestartSec is 5 s). What it failed of
 * before, e.g. a volume that was not mounted, may be repaired.
 */
const RESTARTS = 8;

/**
 * Starts it and waits for a server's notification (an agent sends none); a unit that systemd has to try again fails here
 * and is watched then. reset-failed has systemd count anew: it may have been trying for hours.
 */
export const START_K3S = `
systemctl enable -q "$1"
systemctl reset-failed "$1" 2>/dev/null
if [ -e "$2" ]; then job=restart; else job=start; fi
systemctl "$job" "$1"
code=$?
rm -f "$2"
exit "$code"`;

type Input = Pick<NodeSpec, 'machine' | 'role'>;

const notStarted = ({ machine, role }: Input, context: StepContext): Promise<CliError> =>
  k3sFailure(machine, role, `k3s (${role}) does not start on ${machine}`, context);

/** k3s runs with its present configuration, and does so again after a reboot. */
export const startK3s = defineStep<Input>({
  kind: 'k3s.service',
  inputs: (config) => nodeSpecs(config).map(({ machine, role }) => ({ machine, role })),
  target: ({ machine }) => machine,
  title: ({ machine, role }) => `Start the k3s ${role} on ${machine}`,
  // An agent starts together with its server and waits for it by itself: it knows the token, which the lab chose.
  needs: ({ machine, role }, { volumes }) => [
    role === 'agent' ? `k3s.forget:${machine}` : `k3s.config:${machine}`,
    ...volumes.map(({ name }) => `mounts.mount:${name}@${machine}`),
  ],
  probe: async (input, context) => {
    const unit = await k3sUnit(input.machine, input.role, context);
    if (!unit.active) return pending('k3s does not run');
    if (unit.outdated) return pending('it has to be restarted for what was changed');
    return unit.enabled ? satisfied : pending('k3s does not start at boot');
  },
  apply: async (input, context) => {
    const { machine, role } = input;
    const { startedAt: earlier } = await k3sUnit(machine, role, context);
    const command = sh(START_K3S, unitOf(role), PATHS.k3sRestart);
    const { exitCode, timedOut } = await context
      .machine(machine)
      .exec(command, { signal: context.signal, timeoutMs: START_MS });
    if (timedOut) throw await notStarted(input, context);
    if (exitCode === 0) return;
    context.say('the first try failed; systemd tries again');
    let before: number | undefined;
    const started = await waitFor(
      async () => {
        const { active, restarts, startedAt } = await k3sUnit(machine, role, fresh(context));
        // An agent of a cluster that is gone ends again and again: k3s.member sees to that, and k3s.ready to all else.
        if (active || (role === 'agent' && startedAt > 0 && startedAt !== earlier)) return true;
        before ??= restarts;
        return restarts - before >= RESTARTS ? false : undefined;
      },
      { clock: context.clock, signal: context.signal, timeoutMs: START_MS, everyMs: 1000 },
    );
    if (!started) throw await notStarted(input, context);
  },
});
