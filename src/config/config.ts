import type { VolumeType } from './volume-types.js';
import type { ProviderId } from '../providers/registry.js';

/** A node's role: `server` and `agent` run k3s, `storage` carries bricks. */
export type Role = 'server' | 'agent' | 'storage';

/** One machine of the lab, every value settled. */
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

/** Whether a class's volumes serve all nodes, one node, or are Gluster volumes of their own. */
export type ClassMode = 'shared' | 'pinned' | 'dedicated';

/** A Gluster volume with its bricks and where every Kubernetes node mounts it. */
export interface VolumeConfig {
  readonly name: string;
  readonly type: VolumeType;
  /** Bricks in one set: copies with the arbiter, fragments with the redundant ones; 1 for distribute. */
  readonly replica: number;
  /** Bricks of a disperse set that may be lost; 0 for other types. */
  readonly redundancy: number;
  readonly profile: VolumeProfile;
  /** Whether the size that a claim asks for is enforced. */
  readonly quota: boolean;
  /** Nodes that carry its bricks, in brick order (node names, not machine names). */
  readonly nodes: readonly string[];
  /** Brick directory on each of them. */
  readonly brick: string;
  /** Mount point on every Kubernetes node. */
  readonly mount: string;
  /** Options of lab.yaml; those of the profile are not among them. */
  readonly options: Readonly<Record<string, string>>;
}

/** A StorageClass and the volume it serves from. */
export interface ClassConfig {
  readonly name: string;
  readonly volume: string;
  readonly mode: ClassMode;
  readonly volumeType: 'hostPath' | 'local';
  readonly binding: 'WaitForFirstConsumer' | 'Immediate';
  readonly default: boolean;
  readonly reclaim: 'Delete' | 'Retain';
}

/** A lab file with every default filled in: what all other code works from. */
export interface LabConfig {
  readonly name: string;
  readonly provider: ProviderId | 'auto';
  /** Image of the machines: a release name, or `default`. */
  readonly image: string;
  readonly nodes: readonly NodeConfig[];
  readonly volumes: readonly VolumeConfig[];
  readonly classes: readonly ClassConfig[];
  readonly k3s: {
    /** Release tag, e.g. `v1.33.4+k3s1`, or `default`: settled later against the releases in the cache. */
    readonly version: string;
    readonly disable: readonly string[];
    /** Extra keys of config.yaml for servers and for agents. */
    readonly serverConfig: Readonly<Record<string, unknown>>;
    readonly agentConfig: Readonly<Record<string, unknown>>;
    /** Folder with release files to be used instead of a download (offline), if any. */
    readonly artifacts: string | undefined;
  };
  readonly provisioner: {
    /** Image references; undefined = taken from the k3s release, else the defaults of src/artifacts. */
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
    /** Whether machines reach the internet through the host. */
    readonly internet: 'auto' | 'on' | 'off';
  };
}
