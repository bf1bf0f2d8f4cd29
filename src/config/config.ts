import type { VolumeType } from './volume-types.js';
import type { ProviderId } from '../providers/registry.js';

/** A node's role: `server` and `agent` run k3s, `storage` holds bricks. */
export type Role = 'server' | 'agent' | 'storage';

/** A node of the lab and its machine, with all defaults filled in. */
export interface NodeConfig {
  /** Short name, unique in the lab, e.g. `node1`. */
  readonly name: string;
  /** Machine, host and Kubernetes node name: `<lab>-<name>`. */
  readonly machine: string;
  readonly roles: readonly Role[];
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
}

/** `database`: Gluster's db-workload group of options. */
export type VolumeProfile = 'default' | 'database';

/** Whether a claim serves pods on all nodes, belongs to one node, or gets its own Gluster volume. */
export type ClassMode = 'shared' | 'pinned' | 'dedicated';

/** A Gluster volume with its bricks and where every Kubernetes node mounts it. */
export interface VolumeConfig {
  readonly name: string;
  readonly type: VolumeType;
  /** Bricks in one set, including arbiter or redundant ones; 1 for distribute. */
  readonly replica: number;
  /** Bricks of a disperse set that may be lost; 0 for other types. */
  readonly redundancy: number;
  readonly profile: VolumeProfile;
  /** Whether Gluster limits claims to their requested size. */
  readonly quota: boolean;
  /** Nodes that hold its bricks, in brick order (node names, not machine names). */
  readonly nodes: readonly string[];
  /** Brick directory on each of them. */
  readonly brick: string;
  /** Mount point on every Kubernetes node. */
  readonly mount: string;
  /** Options of the lab file; those of the profile are not included. */
  readonly options: Readonly<Record<string, string>>;
}

/** A StorageClass and the volume it uses. */
export interface ClassConfig {
  readonly name: string;
  readonly volume: string;
  readonly mode: ClassMode;
  readonly volumeType: 'hostPath' | 'local';
  readonly binding: 'WaitForFirstConsumer' | 'Immediate';
  readonly default: boolean;
  readonly reclaim: 'Delete' | 'Retain';
}

/** A lab file with all defaults filled in: the input of all other code. */
export interface LabConfig {
  readonly name: string;
  readonly provider: ProviderId | 'auto';
  /** Image of the machines: a release name, or `default`. */
  readonly image: string;
  readonly nodes: readonly NodeConfig[];
  readonly volumes: readonly VolumeConfig[];
  readonly classes: readonly ClassConfig[];
  readonly k3s: {
    /** Release tag, e.g. `v1.33.4+k3s1`, or `default`: chosen later from the releases in the cache. */
    readonly version: string;
    readonly disable: readonly string[];
    /** Extra keys of config.yaml for servers and for agents. */
    readonly serverConfig: Readonly<Record<string, unknown>>;
    readonly agentConfig: Readonly<Record<string, unknown>>;
    /** Directory with release files to use instead of a download (offline), if any. */
    readonly artifacts: string | undefined;
  };
  readonly provisioner: {
    /** Image references; undefined = those of the k3s release, else the defaults of src/artifacts. */
    readonly image: string | undefined;
    readonly helperImage: string | undefined;
    readonly namespace: string;
  };
  readonly smoke: {
    readonly enabled: boolean;
    readonly image: string | undefined;
    readonly namespace: string;
    readonly timeoutSeconds: number;
  };
  readonly network: {
    /** IPv4 range of the lab's own bridge, e.g. `10.77.0.0/24`; undefined = chosen by kglab. */
    readonly subnet: string | undefined;
    /** Whether machines have internet access through the host. */
    readonly internet: 'auto' | 'on' | 'off';
  };
}
