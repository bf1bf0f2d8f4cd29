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
 * How long each kind of call may take, in milliseconds. The daemon answers on one thread, so one slow command blocks
 * all others: every call needs a deadline.
 */
export interface Deadlines {
  /** `version`: distinguishes a daemon that hangs from one that is slow. */
  readonly probeMs: number;
  /** `list`; the daemon gives each unreachable guest 5 s. */
  readonly listMs: number;
  /** A graceful stop may take 300 s. */
  readonly stopMs: number;
  readonly deleteMs: number;
  /** `start`, including its wait for SSH. */
  readonly startMs: number;
  /** Each phase of a launch: packages over a slow line take minutes. */
  readonly launchMs: number;
  /** After a launch with an unknown result: until the machine runs. */
  readonly settleMs: number;
  /** A command in a machine that has no deadline of its own. */
  readonly execMs: number;
  /** Added to each deadline: for the connection (5 s), the end of the command in the guest (3 s) and a busy host. */
  readonly graceMs: number;
  /** How long to wait for a service that restarts. */
  readonly serviceMs: number;
  /** A running machine gets its address within seconds. */
  readonly addressMs: number;
  /** Interval of polling. */
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
