import type { LabRef, MachineSpec } from '../../machines/provider.js';
import type { KubeStore } from './kube-store.js';

/** A file, directory or link of a simulated machine or volume. */
export interface FileNode {
  readonly kind: 'file' | 'dir' | 'link';
  /** The content of a file or the target of a link. */
  readonly text: string;
  readonly mode: string;
  readonly owner?: string;
  /** chattr +i */
  readonly immutable?: boolean;
  /** Time of the last write, in milliseconds; only for requests to keepers: nothing else reads it. */
  readonly mtime?: number;
  /** Extended attributes: one character for each byte. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Files by absolute path (in a volume: relative to its root, which is `''`). */
export type Tree = Record<string, FileNode>;

/** A systemd unit that was started since the machine booted. */
export interface UnitState {
  state: 'activating' | 'active' | 'failed' | 'inactive';
  restarts: number;
  /** Start time of its process. */
  since?: number;
}

/** A mount of a Gluster volume; its client may be dead. */
export interface Mount {
  readonly source: string;
  readonly volume: string;
  /** The mounted folder of the volume, if not the whole volume is mounted (mount --bind). */
  readonly root?: string;
}

/** A peer as glusterd knows it. */
export interface PeerState {
  names: string[];
  /** Time of the handshake; a moment later the state is "in cluster". */
  since: number;
}

/** The state of a running machine; a power cut loses it. */
export interface Running {
  /** Number of this boot: jobs of an earlier boot do not run. */
  readonly boot: number;
  readonly units: Record<string, UnitState>;
  /** Unit files as systemd loaded them. */
  readonly loaded: Record<string, string>;
  readonly mounts: Record<string, Mount>;
  /** Brick processes, `volume id:path`, with their start time. */
  readonly bricks: Record<string, number>;
  /** Brick directories that were missing when glusterd learnt of their volume: it treats them as new. */
  strange?: string[];
  /** Ids of the pods' containers, as the kubelet reports them. */
  containers?: string[];
  /** Id of the cluster that the kubelet has joined. */
  cluster?: string | undefined;
}

/** A simulated machine. */
export interface SimMachine {
  readonly spec: MachineSpec;
  address: string;
  boots: number;
  readonly disk: Tree;
  readonly packages: string[];
  readonly journal: { readonly unit: string; readonly line: string }[];
  /** Undefined while it is off. */
  running: Running | undefined;
  /** glusterd's peers by UUID; `volumes` has the ids of the volumes that it knows. */
  readonly peers: Record<string, PeerState>;
  volumes: string[];
  /** The datastore of a k3s server. */
  kube?: KubeStore | undefined;
}

export interface SimBrick {
  readonly machine: string;
  readonly path: string;
}

/**
 * A Gluster volume. Every file is stored once. By brick, `stale` lists the pending heals, and `lost` the files that the
 * brick lacks without the other bricks' knowing.
 */
export interface SimVolume {
  readonly id: string;
  readonly name: string;
  readonly replica: number;
  readonly arbiter: number;
  /** Bricks that a set (of `replica` bricks) of a disperse volume may lose. */
  readonly redundancy?: number;
  readonly bricks: SimBrick[];
  status: 'Created' | 'Started' | 'Stopped';
  options: Record<string, string>;
  readonly files: Tree;
  readonly stale: Record<string, string[]>;
  lost?: Record<string, string[]>;
}

/** Something that happens later by itself. */
export interface Job {
  readonly at: number;
  readonly order: number;
  readonly kind: string;
  readonly machine: string;
  /** The machine's boot in which it was scheduled; a power cut cancels it. */
  readonly boot: number;
  readonly about: string;
}

/** Two machines that cannot reach each other until then. */
export interface Cut {
  readonly between: readonly [string, string];
  readonly until: number;
}

/** The whole simulated world, as plain data: it is saved as JSON. */
export interface SimWorld {
  readonly version: 1;
  readonly lab: LabRef;
  time: number;
  counter: number;
  /** The last process id in use. */
  pids?: number;
  prepared: boolean;
  readonly machines: Record<string, SimMachine>;
  readonly volumes: Record<string, SimVolume>;
  jobs: Job[];
  cuts: Cut[];
  /** Kept folders of removed machines, by machine. */
  readonly kept: Record<string, Pick<SimMachine, 'disk' | 'peers' | 'volumes'>>;
}

/** A world without machines. */
export const emptyWorld = (lab: LabRef, time: number): SimWorld => ({
  version: 1,
  lab: { name: lab.name, id: lab.id },
  time,
  counter: 0,
  prepared: false,
  machines: {},
  volumes: {},
  jobs: [],
  cuts: [],
  kept: {},
});

/** Whether nothing of a lab exists: no machine, no network, no kept folder. */
export const isEmpty = ({ machines, prepared, kept }: SimWorld): boolean =>
  Object.keys(machines).length + Object.keys(kept).length === 0 && !prepared;

/** A new UUID. The same operations lead to the same UUIDs. */
export const newUuid = (world: SimWorld): string => {
  world.counter += 1;
  return `${world.counter.toString(16).padStart(8, '0')}-5e1f-4000-8000-${world.lab.id.padEnd(12, '0').slice(0, 12)}`;
};
