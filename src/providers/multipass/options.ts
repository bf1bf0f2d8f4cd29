import type { Executor } from '../../exec/command.js';
import type { Clock } from '../../util/clock.js';
import type { LabRef } from '../../machines/provider.js';
import type { Platform } from './installation.js';

/** Everything that the multipass provider needs to know. */
export interface MultipassOptions {
  readonly lab: LabRef;
  /** The host, on which `multipass` runs. */
  readonly host: Executor;
  readonly clock: Clock;
  /** The lab's own folder, where the record of its machines is kept. */
  readonly dataDir: string;
  readonly platform: Platform;
  /** Home folder of the user. */
  readonly home: string;
  /** Image name as multipass knows it, or `default`. */
  readonly image: string;
  /** Deadlines that differ from those of real machines. */
  readonly deadlines?: Partial<Deadlines>;
}

/**
 * How long each kind of call may take, in milliseconds. The daemon answers on one thread: one slow command blocks the
 * others, so every call needs an end.
 */
export interface Deadlines {
  /** `version`: tells a daemon that hangs from one that is slow. */
  readonly probeMs: number;
  /** `list`; the daemon gives each unreachable guest 5 s. */
  readonly listMs: number;
  /** Graceful stops may take the daemon 300 s. */
  readonly stopMs: number;
  readonly deleteMs: number;
  /** `start` and its wait for SSH. */
  readonly startMs: number;
  /** Each phase of a launch: packages over a slow line take minutes. */
  readonly launchMs: number;
  /** After a launch of unknown end: until the machine runs. */
  readonly settleMs: number;
  /** A command in a machine that has no deadline of its own. */
  readonly execMs: number;
  /** What any of them gets on top before it is given up: connecting (5 s), ending in the guest (3 s), a busy host. */
  readonly graceMs: number;
  /** A service that is being restarted is waited for. */
  readonly serviceMs: number;
  /** A machine that runs gets its address within seconds. */
  readonly addressMs: number;
  /** Pause between two looks. */
  readonly everyMs: number;
}

/** The deadlines of real machines. */
export const DEADLINES: Deadlines = {
  probeMs: 20_000,
  listMs: 30_000,
  stopMs: 330_000,
  deleteMs: 330_000,
  startMs: 300_000,
  launchMs: 900_000,
  settleMs: 900_000,
  execMs: 300_000,
  graceMs: 30_000,
  serviceMs: 10_000,
  addressMs: 60_000,
  everyMs: 1_000,
};
