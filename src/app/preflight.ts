import type { ProviderId } from '../providers/provider.js';
import { CliError } from '../errors/cli-error.js';
import type { Check, Finding } from '../doctor/check.js';
import type { World } from './world.js';

/** A check and what it found. */
export interface Checked {
  readonly check: Check;
  readonly finding: Finding;
}

/** Runs the checks of a provider that apply to this host. */
export const runChecks = async (id: ProviderId, world: World): Promise<readonly Checked[]> => {
  const results: Checked[] = [];
  for (const check of world.checks(id)) {
    if (await check.applicable()) results.push({ check, finding: await check.run() });
  }
  return results;
};

/** Throws before anything is touched when the host lacks something: all that it lacks, at once. */
export const assertFit = async (id: ProviderId, world: World): Promise<void> => {
  const bad = (await runChecks(id, world)).filter(({ finding }) => !finding.ok);
  if (bad.length === 0) return;
  // Without root, other checks cannot tell: that comes first, whatever else may be missing.
  const rootless = bad.some(({ check }) => check.id === 'root');
  throw new CliError(
    rootless ? 'HOST_NOT_ROOT' : 'HOST_UNFIT',
    rootless
      ? `The ${id} provider makes machines of this host's own means, and that takes root.`
      : `This host is not ready for the ${id} provider.`,
    {
      details: bad.map(({ check, finding }) => `${check.title}: ${finding.found}`),
      hint: rootless
        ? 'Run it as root (sudo kglab up), or choose a provider that needs none: --provider multipass'
        : 'Let kglab see to it: kglab doctor --fix',
    },
  );
};
