import type { Executor } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import type { LabRef } from '../../machines/provider.js';

/** Everything that the nspawn provider needs to know. */
export interface NspawnOptions {
  readonly lab: LabRef;
  /** The host; everything here runs on it as root. */
  readonly host: Executor;
  readonly clock: Clock;
  /** Where machines live, normally /var/lib/kglab/nspawn. Its filesystem must take overlays (not be one). */
  readonly dataDir: string;
  /** Where baked root filesystems are kept for all labs. */
  readonly cacheDir: string;
  /** Machine names in node order: the n-th gets the n-th address. */
  readonly machines: readonly string[];
  /** Release of the image (`bookworm`), or `default`: the host's own. */
  readonly image: string;
  readonly network: {
    /** The lab's range, e.g. `10.77.0.0/24`; undefined = chosen, and remembered. */
    readonly subnet: string | undefined;
    readonly internet: 'auto' | 'on' | 'off';
  };
}
