import type { LabRef, MachineSpec } from '../../machines/provider.js';
import type { KubeStore } from './kube-store.js';

/** A file, directory or link of a simulated machine or volume. */
export interface FileNode {
  readonly kind: 'file' | 'dir' | 'link';
  /** Content of a file, target of a link. */
  readonly text: string;
  readonly mode: string;
  readonly owner?: string;
  /** chattr +i */
  readonly immutable?: boolean;
  /** When it was written last; of requests to keepers alone, as they alone are asked for it. */
  readonly mtime?: number;
  /** Extended attributes; bytes as characters. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Files by absolute path (in a volume: relative to its root, which is `''`). */
export type Tree = Record<string, FileNode>;

/** A systemd unit that was started since the machine booted. */
export interface UnitState {
  state: 'activating' | 'active' | 'failed' | 'inactive';
  restarts: number;
  /** When its process was started. */
  since?: number;
}

/** A live or dead FUSE client. */
export interface Mount {
  readonly source: string;
  readonly volume: string;
  /** The folder of the volume that is mounted, where it is not the whole volume (mount --bind). */
  readonly root?: string;
}

/** What a glusterd knows of another. */
export interface PeerState {
  names: string[];
  /** When they shook hands: they count as "in cluster" a moment later. */
  since: number;
}

/** What is lost when the power goes. */
export interface Running {
  /** Counts the boots: jobs of an earlier one are void. */
  readonly boot: number;
  readonly units: Record<string, UnitState>;
  /** Unit files as systemd read them last. */
  readonly loaded: Record<string, string>;
  readonly mounts: Record<string, Mount>;
  /** Brick processes, `volume id:path`, with the moment they were started. */
  readonly bricks: Record<string, number>;
  /** Brick directories that were not there when glusterd learnt of their volume: it takes them for new ones. */
  strange?: string[];
  /** Containers of pods, by the id that the kubelet reports. */
  containers?: string[];
  /** Whether the kubelet has joined its cluster, and which machine's. */
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
  /** glusterd's peers by UUID, and the ids of the volumes it knows. */
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
 * A Gluster volume. Its files are kept once. `stale` says which brick lacks which of them as the others know, `lost`
 * which it lacks though nobody knows.
 */
export interface SimVolume {
  readonly id: string;
  readonly name: string;
  readonly replica: number;
  readonly arbiter: number;
  /** Bricks that a set of a disperse volume (of `replica` bricks) may lose. */
  readonly redundancy?: number;
  readonly bricks: SimBrick[];
  status: 'Created' | 'Started' | 'Stopped';
  options: Record<string, string>;
  readonly files: Tree;
  readonly stale: Record<string, string[]>;
  lost?: Record<string, string[]>;
}

/** Something that happens by itself, later. */
export interface Job {
  readonly at: number;
  readonly order: number;
  readonly kind: string;
  readonly machine: string;
  /** The boot it belongs to; a power cut takes it along. */
  readonly boot: number;
  readonly about: string;
}

/** Two machines that cannot reach each other until a moment. */
export interface Cut {
  readonly between: readonly [string, string];
  readonly until: number;
}

/** All that there is: plain data, so that it can be kept in a file. */
export interface SimWorld {
  readonly version: 1;
  readonly lab: LabRef;
  time: number;
  counter: number;
  /** The last number that was given to a process. */
  pids?: number;
  prepared: boolean;
  readonly machines: Record<string, SimMachine>;
  readonly volumes: Record<string, SimVolume>;
  jobs: Job[];
  cuts: Cut[];
  /** Folders of removed machines, for the next of the same name. */
  readonly kept: Record<string, Pick<SimMachine, 'disk' | 'peers' | 'volumes'>>;
}

/** A world in which nothing was made yet. */
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

/** Whether nothing of a lab is there: no machine, no network, nothing kept. */
export const isEmpty = ({ machines, prepared, kept }: SimWorld): boolean =>
  Object.keys(machines).length + Object.keys(kept).length === 0 && !prepared;

/** A UUID that nobody else in this world has; worlds of the same history have the same ones. */
export const newUuid = (world: SimWorld): string => {
  world.counter += 1;
  return `${world.counter.toString(16).padStart(8, '0')}-5e1f-4000-8000-${world.lab.id.padEnd(12, '0').slice(0, 12)}`;
};
