import type { LabConfig } from '../config/config.js';
import { serverMachine } from '../config/roles.js';
import type { RunContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { droppedBetween, retire } from '../volumes/retire.js';
import { lookingContext } from './observe.js';
import type { World } from '../lab/world.js';

/**
 * Takes away classes and volumes that the lab has and the new configuration does not. Throws VOLUME_IN_USE when they
 * have data, LAB_CHANGED when that cannot be told.
 */
export const retireDropped = async (
  before: LabConfig,
  after: LabConfig,
  run: RunContext,
  { world, dryRun }: { readonly world: World; readonly dryRun: boolean },
): Promise<void> => {
  const { classes, volumes } = droppedBetween(before, after);
  if (classes.length + volumes.length === 0) return;
  const machines = await run.provider.list({ signal: world.signal });
  if (!machines.some(({ name }) => name === serverMachine(before))) return;
  const context = { ...lookingContext(run, world.signal), say: (line: string) => world.say(line) };
  try {
    await retire(before, after, context, { dryRun });
  } catch (cause) {
    if (!(cause instanceof CliError) || cause.code === 'VOLUME_IN_USE' || world.signal.aborted) throw cause;
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
