import type { Clock } from '../util/clock.js';
import type { Command, ExecOptions, Executor } from '../exec/command.js';

/** What differs between providers. Ask this, never the provider's name. */
export interface ProviderFeatures {
  /** The packages of a node are part of the image; otherwise cloud-init installs them. */
  readonly packagesInImage: boolean;
  /** Addresses stay the same over restarts. */
  readonly stableAddresses: boolean;
}

/** `unknown`: it exists, but cannot be asked or is between two states. */
export type MachineState = 'running' | 'stopped' | 'unknown';

/** A machine to be made. */
export interface MachineSpec {
  /** Host name, unique on the host: `<lab>-<node>`. */
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  /** cloud-init user-data, complete with its `#cloud-config` line. */
  readonly userData: string;
}

/** A machine as the provider finds it. */
export interface MachineInfo {
  readonly name: string;
  readonly state: MachineState;
  /** Its address on the lab's network, when known. */
  readonly address?: string;
}

/** A machine one can run commands in, as root. Throws MACHINE_UNREACHABLE when it does not run. */
export interface Machine extends Executor {
  readonly name: string;
  /**
   * The command as the host runs it, for a person's own terminal or pipes; absent where there is no such command.
   * Throws MACHINE_UNREACHABLE when the machine does not run.
   */
  hostCommand?(command: Command): Promise<Command>;
}

/** The lab on whose behalf a provider acts. */
export interface LabRef {
  /** Name of the lab; its machines are called `<name>-<node>`. */
  readonly name: string;
  /** Random id of the lab, written into everything it creates. */
  readonly id: string;
}

/** Something of a lab that is on the host, e.g. `{ kind: 'mount', what: '/var/lib/…/root' }`. */
export interface Trace {
  readonly kind: string;
  readonly what: string;
}

/** The kind of a trace that was kept on purpose: the folders of {@link Abilities.keepFolders}. */
export const KEPT_DATA = 'kept data';

/** A lab as its provider remembers it, for when the record of this user is lost. */
export interface FoundLab {
  readonly lab: LabRef;
  /** What {@link Abilities.remember} was last told. */
  readonly note?: string;
}

/** What the machines of a lab stand on: the image and the network. */
export interface Foundation {
  /** What is missing, in words; undefined when it is complete. Throws CONFIG_INVALID or LAB_CHANGED when it cannot be made as asked. */
  missing(options?: ExecOptions): Promise<string | undefined>;
  /** Makes the image and the network. Reports progress by `onLine`. */
  prepare(options?: ExecOptions): Promise<void>;
  /** Removes what belongs to this lab alone (the network), not the caches. Call it when no machine is left. */
  remove(options?: ExecOptions): Promise<void>;
}

/** What only some providers can do; absent where this one cannot. */
export interface Abilities {
  /** Lists everything of this lab that is on the host now. */
  traces?(options?: ExecOptions): Promise<readonly Trace[]>;
  /** Lists files of this host with the consoles of machines: all there is of one that does not boot. */
  consoles?(): Promise<readonly { readonly machine: string; readonly path: string }[]>;
  /** Keeps a text (the lab's record) beside the machines. It is written before anything else of the lab. */
  remember?(text: string): Promise<void>;
  /**
   * Moves folders of a machine that is off to where {@link MachineProvider.remove} does not reach them, and returns that
   * place; the next machine of that name gets them back when it is created. Folders that it does not have are no error.
   */
  keepFolders?(name: string, folders: readonly string[], options?: ExecOptions): Promise<string>;
}

/** Where machines come from. Every method may be repeated; none touches what another lab or person made. */
export interface MachineProvider {
  /** Key of its record in src/providers/registry.ts. */
  readonly id: string;
  readonly features: ProviderFeatures;
  readonly foundation: Foundation;
  readonly abilities: Abilities;
  /** The time that its machines live in, where that is not the host's. */
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
