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

/** Everything from outside that src/app needs; created once by the command line. */
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
  /** Base URL of k3s releases; undefined = the k3s project on GitHub. */
  readonly releaseUrl: string | undefined;
  readonly fetch: typeof fetch;
  /** Kubeconfigs of the user, as kubectl reads them; at least one. */
  readonly userKubeconfigs: readonly string[];
  /** Resolves `auto`. Throws HOST_UNFIT if no provider works on this host. */
  chooseProvider(wanted: LabConfig['provider']): Promise<ProviderId>;
  provider(id: ProviderId, request: ProviderRequest): Promise<MachineProvider>;
  /** Asks the providers for a lab that this user has no record of. */
  findLab(name: string): Promise<(FoundLab & { readonly provider: ProviderId }) | undefined>;
  /** Whether a provider works on this host, for the wizard. */
  usable(id: ProviderId): Promise<Usable>;
  /** Requirements of a provider on this host. */
  checks(id: ProviderId): Promise<readonly Check[]>;
  /** Shows a message on stderr. */
  say(line: string): void;
}
