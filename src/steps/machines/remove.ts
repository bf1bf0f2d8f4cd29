import { machineInfo, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { quiesce } from '../../kube/quiesce.js';

interface Input {
  readonly name: string;
  /** Folders to keep for the next machine of that name. */
  readonly keep: readonly string[];
}

/** glusterd's state: pool and volumes. Together with the bricks it is all the data of a storage machine. */
const GLUSTERD = '/var/lib/glusterd';

/** Shuts down in order, so that clients of its bricks do not stall; cuts the power if that fails. */
const shutDown = async (name: string, context: StepContext): Promise<void> => {
  const { provider, signal, say } = context;
  await quiesce(name, context);
  await provider.stop(name, { signal }).catch(async (error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    say(`${name} does not shut down (${error.message}); cutting its power`);
    await provider.stop(name, { signal, force: true });
  });
};

/** The machine does not exist. Only in the plan of a rebuild, which then creates it again. */
export const removeMachine = defineStep<Input>({
  kind: 'machines.remove',
  target: ({ name }) => name,
  title: ({ name }) => `Remove machine ${name}`,
  probe: async ({ name }, context) =>
    (await machineInfo(name, context)) === undefined ? satisfied : pending('the machine is to be recreated'),
  apply: async ({ name, keep }, context) => {
    const { provider, signal, say } = context;
    if ((await machineInfo(name, context))?.state === 'running') await shutDown(name, context);
    if (keep.length > 0) {
      // A machine that is starting or stopping is forced off first.
      await provider.stop(name, { signal, force: true });
      const kept = await provider.abilities.keepFolders?.(name, [GLUSTERD, ...keep], { signal });
      if (kept !== undefined) say(`${keep.join(', ')} of ${name} kept in ${kept}`);
    }
    await provider.remove(name, { signal });
  },
});
