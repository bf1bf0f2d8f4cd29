import { CliError } from '../errors/cli-error.js';
import type { RunResult } from '../engine/run-plan.js';
import type { LabRecord } from '../lab/lab-store.js';
import { up, type UpOptions } from './up.js';
import type { World } from '../lab/world.js';

/**
 * Starts a lab as it was made, whatever its lab file says by now: machines, pool, bricks and their healing, mounts,
 * k3s, nodes. Throws LAB_CHANGED when a machine is missing: making one is for `up`.
 */
export const start = async (record: LabRecord, world: World, options: UpOptions = {}): Promise<RunResult> => {
  const provider = world.provider({ id: record.provider, lab: record, config: record.config });
  const found = await provider.list({ signal: world.signal });
  const missing = record.config.nodes.filter(({ machine }) => !found.some(({ name }) => name === machine));
  if (missing.length === 0) return up(record.config, options, world);
  throw new CliError(
    'LAB_CHANGED',
    `Lab ${record.name} lacks ${missing.map(({ name }) => name).join(', ')}; starting alone does not help.`,
    { hint: `Finish or repair it: kglab up -n ${record.name}` },
  );
};
