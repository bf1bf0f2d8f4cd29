import type { Reporter } from '../engine/events.js';
import type { Templates } from '../engine/context.js';
import type { Executor } from '../exec/command.js';
import type { LabConfig } from '../config/config.js';
import type { FoundLab, LabRef, MachineProvider, ProviderId } from '../providers/provider.js';
import type { Dirs } from '../state/dirs.js';
import type { LabStore } from '../state/lab-store.js';
import type { Clock } from '../util/clock.js';
import type { Check } from '../doctor/check.js';

/** What a provider is made from. */
export interface ProviderRequest {
  readonly id: ProviderId;
  readonly lab: LabRef;
  readonly config: LabConfig;
}

/** Everything a use case needs of the outside; made once, by the command line. */
export interface World {
  readonly host: Executor;
  readonly clock: Clock;
  readonly dirs: Dirs;
  readonly store: LabStore;
  readonly templates: Templates;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Architecture of host and machines. */
  readonly arch: 'amd64' | 'arm64';
  /** Where k3s releases are downloaded from; undefined = the project's own place. */
  readonly releaseUrl: string | undefined;
  readonly fetch: typeof fetch;
  /** Kubeconfigs of this user, into which labs may be merged: at least one, those that kubectl reads. */
  readonly userKubeconfigs: readonly string[];
  /** Settles `auto`. Throws HOST_UNFIT when no provider fits this host. */
  chooseProvider(wanted: LabConfig['provider']): Promise<ProviderId>;
  provider(request: ProviderRequest): MachineProvider;
  /** Looks for a lab that the ledger does not know, by what providers remember of it. */
  findLab(name: string): Promise<FoundLab | undefined>;
  /** What this host must offer for a provider. */
  checks(id: ProviderId): readonly Check[];
  /** A line of talk for the person, not part of any result. */
  say(line: string): void;
}
