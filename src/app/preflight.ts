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
  const code = bad.length === 1 && bad[0]?.check.id === 'root' ? 'HOST_NOT_ROOT' : 'HOST_UNFIT';
  throw new CliError(code, `This host is not ready for the ${id} provider.`, {
    details: bad.map(({ check, finding }) => `${check.title}: ${finding.found}`),
    hint: 'Let kglab see to it: kglab doctor --fix',
  });
};
