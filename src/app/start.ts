import { CliError } from '../errors/cli-error.js';
import type { RunResult } from '../engine/run-plan.js';
import type { Lab } from '../lab/lab.js';
import { up, type UpOptions } from './up.js';

/**
 * Starts a lab as it was made, whatever its lab file says by now: machines, pool, bricks and their healing, mounts,
 * k3s, nodes. Throws LAB_CHANGED when a machine is missing: making one is for `up`.
 */
export const start = async (lab: Lab, options: UpOptions = {}): Promise<RunResult> => {
  const { name: labName, config, provider, signal } = lab;
  const found = await provider.list({ signal });
  const missing = config.nodes.filter(({ machine }) => !found.some(({ name }) => name === machine));
  if (missing.length === 0) return up(config, options, lab.world);
  throw new CliError(
    'LAB_CHANGED',
    `Machines of lab ${labName} do not exist: ${missing.map(({ name }) => name).join(', ')}. \`start\` creates none.`,
    { hint: `Finish or repair it: kglab up -n ${labName}` },
  );
};
