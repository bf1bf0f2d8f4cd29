import type { Executor } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import type { LabRef } from '../../machines/provider.js';

/** Input of the nspawn provider. */
export interface NspawnOptions {
  readonly lab: LabRef;
  /** The host; everything here runs on it as root. */
  readonly host: Executor;
  readonly clock: Clock;
  /** Folder of the machines, normally /var/lib/kglab/nspawn. Its filesystem must support overlays above it. */
  readonly dataDir: string;
  /** Cache of root filesystems, shared by all labs. */
  readonly cacheDir: string;
  /** Machine names in node order: the n-th gets the n-th address. */
  readonly machines: readonly string[];
  /** Release of the image (`bookworm`), or `default` for the host's release. */
  readonly image: string;
  readonly network: {
    /** The lab's range, e.g. `10.77.0.0/24`; undefined: kglab chooses one and records it. */
    readonly subnet: string | undefined;
    readonly internet: 'auto' | 'on' | 'off';
  };
}
