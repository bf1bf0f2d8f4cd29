import { fresh, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import type { CliError } from '../../errors/cli-error.js';
import { PATHS, unitOf } from '../../guest/layout.js';
import { waitFor } from '../../util/wait.js';
import { nodeSpecs, type NodeSpec } from './config.js';
import { k3sFailure, k3sUnit } from './unit.js';
import { guestScript } from '../../guest/script.js';

/** Timeout of a start (milliseconds): the first one unpacks binary and images, minutes on a slow disk. */
const START_MS = 300_000;
/**
 * Give up after so many restarts by systemd, 5 s apart (RestartSec). Earlier restarts do not count: their cause, such
 * as a volume that was not mounted, may be repaired.
 */
const RESTARTS = 8;

type Input = Pick<NodeSpec, 'machine' | 'role'>;

const notStarted = ({ machine, role }: Input, context: StepContext): Promise<CliError> =>
  k3sFailure(machine, role, `k3s (${role}) does not start on ${machine}`, context);

/** k3s runs with its present configuration and starts at boot. Throws K3S_NOT_STARTED. */
export const startK3s = defineStep<Input>({
  kind: 'k3s.service',
  inputs: (config) => nodeSpecs(config).map(({ machine, role }) => ({ machine, role })),
  target: ({ machine }) => machine,
  title: ({ machine, role }) => `Start the k3s ${role} on ${machine}`,
  // An agent does not need the server: k3s waits for it, and the lab has chosen the token beforehand.
  needs: ({ machine, role }, { volumes }) => [
    role === 'agent' ? `k3s.forget:${machine}` : `k3s.config:${machine}`,
    ...volumes.map(({ name }) => `mounts.mount:${name}@${machine}`),
  ],
  probe: async (input, context) => {
    const unit = await k3sUnit(input.machine, input.role, context);
    if (!unit.active) return pending('k3s does not run');
    if (unit.outdated) return pending('restart needed: configuration changed');
    return unit.enabled ? satisfied : pending('k3s does not start at boot');
  },
  apply: async (input, context) => {
    const { machine, role } = input;
    const { startedAt: earlier } = await k3sUnit(machine, role, context);
    const command = guestScript('k3s.sh', 'start_k3s', unitOf(role), PATHS.k3sRestart);
    const { exitCode, timedOut } = await context
      .machine(machine)
      .exec(command, { signal: context.signal, timeoutMs: START_MS });
    if (timedOut) throw await notStarted(input, context);
    if (exitCode === 0) return;
    context.say('k3s did not start at the first try; systemd tries again');
    let before: number | undefined;
    const started = await waitFor(
      async () => {
        const { active, restarts, startedAt } = await k3sUnit(machine, role, fresh(context));
        // An agent of an old cluster keeps exiting; k3s.member repairs it, and k3s.ready reports other causes.
        if (active || (role === 'agent' && startedAt > 0 && startedAt !== earlier)) return true;
        before ??= restarts;
        return restarts - before >= RESTARTS ? false : undefined;
      },
      { clock: context.clock, signal: context.signal, timeoutMs: START_MS, everyMs: 1000 },
    );
    if (!started) throw await notStarted(input, context);
  },
});
