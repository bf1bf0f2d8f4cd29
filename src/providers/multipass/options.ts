import type { Executor } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import type { LabRef } from '../../machines/provider.js';
import type { Platform } from './advice.js';
import type { Deadlines } from './deadlines.js';

/** Everything that the multipass provider needs to know. */
export interface MultipassOptions {
  readonly lab: LabRef;
  /** The host, on which `multipass` runs. */
  readonly host: Executor;
  readonly clock: Clock;
  /** The lab's own folder, where the ledger of its machines is kept. */
  readonly dataDir: string;
  readonly platform: Platform;
  /** Home folder of the user. */
  readonly home: string;
  /** Image name as multipass knows it, or `default`. */
  readonly image: string;
  /** Deadlines that differ from those of real machines. */
  readonly deadlines?: Partial<Deadlines>;
}
