import type { LabConfig } from '../config/config.js';
import { serverMachine } from '../config/roles.js';
import { CliError } from '../errors/cli-error.js';
import { droppedBetween, retire } from '../volumes/retire.js';
import type { Lab } from '../lab/lab.js';
import { lookingContext, runContext } from '../lab/run-context.js';

/**
 * Takes away classes and volumes that the lab has and the new configuration does not. Throws VOLUME_IN_USE when they
 * have data, LAB_CHANGED when that cannot be told.
 */
export const retireDropped = async (
  lab: Lab,
  after: LabConfig,
  { dryRun }: { readonly dryRun: boolean },
): Promise<void> => {
  const { config: before, provider, signal } = lab;
  const { classes, volumes } = droppedBetween(before, after);
  if (classes.length + volumes.length === 0) return;
  const machines = await provider.list({ signal });
  if (!machines.some(({ name }) => name === serverMachine(before))) return;
  const context = lookingContext(await runContext(lab), lab);
  try {
    await retire(before, after, context, { dryRun });
  } catch (cause) {
    if (!(cause instanceof CliError) || cause.code === 'VOLUME_IN_USE' || signal.aborted) throw cause;
    const names = [...new Set([...classes, ...volumes].map(({ name }) => name))].join(', ');
    throw new CliError(
      'LAB_CHANGED',
      `lab.yaml no longer has ${names} as they were, and whether they have data cannot be told: ${cause.message}`,
      {
        hint: 'Put them back, run `kglab up` until the lab is whole, then change them again.',
        cause,
      },
    );
  }
};
