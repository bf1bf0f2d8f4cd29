import { serverMachine } from '../../config/roles.js';
import { pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { CommandError } from '../../exec/checked.js';
import { guestScript } from '../../guest/script.js';

interface Input {
  readonly machine: string;
  /** Where the volumes are mounted. */
  readonly mounts: readonly string[];
}

const STILL_MOUNTED = 18;
const VOLUME_INSIDE = 19;

/** Timeout (milliseconds): unmounting a volume that hangs takes until Gluster gives up. */
const CLEAR_MS = 120_000;

/** Removes the cluster from a machine; the volumes, mounted at `mounts`, are not touched. Throws K3S_FAILED. */
export const clearK3s = async (
  machine: string,
  mounts: readonly string[],
  context: StepContext,
): Promise<void> => {
  const command = guestScript('k3s.sh', 'clear_cluster', ...mounts);
  const options = { signal: context.signal, timeoutMs: CLEAR_MS };
  const result = await context.machine(machine).exec(command, options);
  if (result.exitCode === 0) return;
  if (result.exitCode === VOLUME_INSIDE)
    throw new CliError('K3S_FAILED', `A volume is mounted inside the k3s directories on ${machine}.`, {
      details: mounts,
      hint: 'Choose another mount point in lab.yaml; nothing was removed.',
    });
  throw new CommandError('K3S_FAILED', machine, command, result, {
    what: `Removing the cluster from ${machine}`,
    ...(result.exitCode === STILL_MOUNTED && {
      what: `Something is still mounted inside the k3s directories on ${machine},`,
      ending: 'so nothing was removed.',
    }),
    hint: `See what is mounted: kglab exec ${machine} -- findmnt\nThen run the same command again.`,
  });
};

/** The machine has no state of a cluster. Only in the plan of a rebuild, which then creates a new cluster. */
export const resetK3s = defineStep<Input>({
  kind: 'k3s.reset',
  target: ({ machine }) => machine,
  title: ({ machine }) => `Remove k3s data from ${machine}`,
  // The server first: k3s.member repairs agents of an old cluster in any later run.
  needs: ({ machine }, config) => {
    const server = serverMachine(config);
    return [`machines.hosts:${machine}`, ...(machine === server ? [] : [`k3s.reset:${server}`])];
  },
  probe: async ({ machine }, context) => {
    const { exitCode } = await context
      .machine(machine)
      .exec(guestScript('k3s.sh', 'has_cluster'), { signal: context.signal });
    return exitCode === 0 ? pending('the cluster is to be recreated') : satisfied;
  },
  apply: ({ machine, mounts }, context) => clearK3s(machine, mounts, context),
});
