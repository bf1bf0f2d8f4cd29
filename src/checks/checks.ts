import { homedir, platform } from 'node:os';
import type { Executor } from '../exec/command.js';
import type { ProviderId } from '../machines/provider.js';
import type { Dirs } from '../util/dirs.js';
import type { Check } from './check.js';
import { multipassChecks } from './multipass-checks.js';
import { nspawnChecks } from './nspawn-checks.js';

export interface CheckDeps {
  readonly host: Executor;
  readonly dirs: Dirs;
  readonly machinesDir: string;
}

/** What a host must offer for a provider. */
export const checksFor = (id: ProviderId, { host, dirs, machinesDir }: CheckDeps): readonly Check[] => {
  switch (id) {
    case 'multipass':
      return multipassChecks({ host, platform: platform(), home: homedir() });
    case 'nspawn':
      return nspawnChecks({ host, dataDir: machinesDir, cacheDir: dirs.cache });
    default:
      return [];
  }
};
