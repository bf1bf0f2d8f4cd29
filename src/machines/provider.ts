import type { Clock } from '../util/clock.js';
import type { Command, ExecOptions, Executor } from '../exec/command.js';

/** What differs between providers. Ask this, never the provider's name. */
export interface ProviderFeatures {
  /** The packages of a node are part of the image; otherwise cloud-init installs them. */
  readonly packagesInImage: boolean;
  /** Addresses stay the same over restarts. */
  readonly stableAddresses: boolean;
}

/** `unknown`: it exists, but does not answer or is between two states. */
export type MachineState = 'running' | 'stopped' | 'unknown';

/** A machine to be created. */
export interface MachineSpec {
  /** Host name, unique on the host: `<lab>-<node>`. */
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  /** cloud-init user-data, complete with its `#cloud-config` line. */
  readonly userData: string;
}

/** A machine as the provider reports it. */
export interface MachineInfo {
  readonly name: string;
  readonly state: MachineState;
  /** Its address on the lab's network, when known. */
  readonly address?: string;
}

/** Runs commands in a machine, as root. Throws MACHINE_UNREACHABLE when the machine does not run. */
export interface Machine extends Executor {
  readonly name: string;
  /**
   * The command as the host runs it, for a terminal or pipes; absent when the provider has no such command.
   * Throws MACHINE_UNREACHABLE when the machine does not run.
   */
  hostCommand?(command: Command): Promise<Command>;
}

/** The lab that a provider works for. */
export interface LabRef {
  /** Name of the lab; its machines are called `<name>-<node>`. */
  readonly name: string;
  /** Random id of the lab, written into everything it creates. */
  readonly id: string;
}

/** Something that a lab has on the host, e.g. `{ kind: 'mount', what: '/var/lib/…/root' }`. */
export interface Trace {
  readonly kind: string;
  readonly what: string;
}

/** Kind of the traces that are kept on purpose: the folders of {@link Abilities.keepFolders}. */
export const KEPT_DATA = 'kept data';

/** A lab as its provider knows it, to recover the lost record of a user. */
export interface FoundLab {
  readonly lab: LabRef;
  /** The last text that {@link Abilities.remember} stored. */
  readonly note?: string;
}

/** The image and the network of a lab's machines. */
export interface Foundation {
  /** Says what is missing; undefined when complete. Throws CONFIG_INVALID or LAB_CHANGED when it cannot be created. */
  missing(options?: ExecOptions): Promise<string | undefined>;
  /** Creates the image and the network. Reports progress by `onLine`. */
  prepare(options?: ExecOptions): Promise<void>;
  /** Removes the network of this lab, not the caches. Call it after the last machine was removed. */
  remove(options?: ExecOptions): Promise<void>;
}

/** Optional methods, which not every provider has. */
export interface Abilities {
  /** Lists everything that this lab has on the host now. */
  traces?(options?: ExecOptions): Promise<readonly Trace[]>;
  /** Lists the console logs of machines on the host: the only evidence of a machine that does not boot. */
  consoles?(): Promise<readonly { readonly machine: string; readonly path: string }[]>;
  /** Stores a text (the lab's record) beside the machines. Call it before anything of the lab is created. */
  remember?(text: string): Promise<void>;
  /**
   * Moves folders of a stopped machine to a place that {@link MachineProvider.remove} does not touch; returns its path.
   * The next machine of that name gets them back when it is created. Ignores missing folders.
   */
  keepFolders?(name: string, folders: readonly string[], options?: ExecOptions): Promise<string>;
}

/** Creates machines. Every method may be repeated; none touches what another lab or person created. */
export interface MachineProvider {
  /** Key of its record in src/providers/registry.ts. */
  readonly id: string;
  readonly features: ProviderFeatures;
  readonly foundation: Foundation;
  readonly abilities: Abilities;
  /** The clock of its machines, if it is not the host's. */
  readonly clock?: Clock;
  /** The machines of this lab, whatever their state. */
  list(options?: ExecOptions): Promise<readonly MachineInfo[]>;
  /** A handle; the machine need not exist yet. */
  machine(name: string): Machine;
  /** Creates the machine and starts it; does not wait for cloud-init. */
  create(spec: MachineSpec, options?: ExecOptions): Promise<void>;
  start(name: string, options?: ExecOptions): Promise<void>;
  /** Shuts down in order, or cuts the power when `force`. */
  stop(name: string, options?: ExecOptions & { readonly force?: boolean }): Promise<void>;
  /** Removes the machine with all its data; no error when it is not there. */
  remove(name: string, options?: ExecOptions): Promise<void>;
}
