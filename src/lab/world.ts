import type { LabConfig } from '../config/config.js';
import type { Templates } from '../engine/context.js';
import type { Reporter } from '../engine/events.js';
import type { Executor } from '../exec/command.js';
import type { Check } from '../machines/host-check.js';
import type { FoundLab, MachineProvider } from '../machines/provider.js';
import type { ProviderId, ProviderRequest, Usable } from '../providers/registry.js';
import type { Clock } from '../util/clock.js';
import type { Dirs } from '../util/dirs.js';
import type { LabStore } from './lab-store.js';

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
  provider(id: ProviderId, request: ProviderRequest): Promise<MachineProvider>;
  /** Looks for a lab that this user has no record of, by what providers remember of it. */
  findLab(name: string): Promise<(FoundLab & { readonly provider: ProviderId }) | undefined>;
  /** Whether labs of a provider can be made here, for people who choose. */
  usable(id: ProviderId): Promise<Usable>;
  /** What this host must offer for a provider. */
  checks(id: ProviderId): Promise<readonly Check[]>;
  /** Shows a line of talk to the person, not part of any result. */
  say(line: string): void;
}
