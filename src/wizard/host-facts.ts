import type { ProviderId } from '../providers/registry.js';

/** A provider, and what stands in its way on this host. */
export interface ProviderFact {
  readonly id: ProviderId;
  readonly usable: boolean;
  /** Why it is not usable, or what it would take. */
  readonly because: string;
}

/** What the wizard knows of the host that the lab is for. */
export interface HostFacts {
  readonly providers: readonly ProviderFact[];
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly freeDiskGiB: number;
}
