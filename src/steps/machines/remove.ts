import { machineInfo, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { quiesce } from '../../kube/quiesce.js';

interface Input {
  readonly name: string;
  /** Folders for the next machine of that name. */
  readonly keep: readonly string[];
}

/** Glusterd's memory of pool and volumes; with the bricks, all that a storage machine is. */
const GLUSTERD = '/var/lib/glusterd';

/** An orderly end lets bricks and clients part without a stall for others; a machine that cannot is cut off. */
const shutDown = async (name: string, context: StepContext): Promise<void> => {
  const { provider, signal, say } = context;
  await quiesce(name, context);
  await provider.stop(name, { signal }).catch(async (error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    say(`${name} does not shut down (${error.message}); its power is cut`);
    await provider.stop(name, { signal, force: true });
  });
};

/** The machine does not exist: only in a plan that makes it anew. `keep` are folders for the next one of that name. */
export const removeMachine = defineStep<Input>({
  kind: 'machines.remove',
  target: ({ name }) => name,
  title: ({ name }) => `Take machine ${name} away`,
  probe: async ({ name }, context) =>
    (await machineInfo(name, context)) === undefined ? satisfied : pending('the machine is to be made anew'),
  apply: async ({ name, keep }, context) => {
    const { provider, signal, say } = context;
    if ((await machineInfo(name, context))?.state === 'running') await shutDown(name, context);
    if (keep.length > 0) {
      // What was caught between two states is brought to a clear end first.
      await provider.stop(name, { signal, force: true });
      const kept = await provider.keepFolders?.(name, [GLUSTERD, ...keep], { signal });
      if (kept !== undefined) say(`${keep.join(', ')} of ${name} kept in ${kept}`);
    }
    await provider.remove(name, { signal });
  },
});
