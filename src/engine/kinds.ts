import type { ClassConfig } from '../config/config.js';
import type { Brick, VolumeSpec } from '../gluster/volume-spec.js';

/** A Kubernetes node as k3s is told of it. */
export interface NodeSpec {
  readonly machine: string;
  readonly role: 'server' | 'agent';
  /** Machine of the server. */
  readonly server: string;
  readonly disable: readonly string[];
  readonly extraConfig: Readonly<Record<string, unknown>>;
  /** Paths that must be Gluster mounts before k3s may run. */
  readonly mounts: readonly string[];
}

/** What a keeper has to know of a volume. */
export interface KeptVolume {
  readonly name: string;
  /** Where the machine mounts it, and the volumes of single claims. */
  readonly mount: string;
  readonly claims: string;
  readonly quota: boolean;
  /** Whether claims get volumes of their own, shaped like this one. */
  readonly dedicated: boolean;
  /** Words of `volume create`. */
  readonly shape: readonly string[];
  /** Directories in which bricks of such volumes are made. */
  readonly places: readonly Brick[];
  /** Whom to ask for a mount, in this order. */
  readonly servers: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/** The input of every kind of step: plain data that prints, and nothing that is only known at run time. */
export interface StepInputs {
  'machines.prepare': Record<string, never>;
  'machines.create': {
    readonly name: string;
    readonly cpus: number;
    readonly memoryMiB: number;
    readonly diskGiB: number;
  };
  /** Not in the plan of `up`: takes a machine away so that it is made anew. */
  'machines.remove': {
    readonly name: string;
    /** Folders for the next machine of that name. */
    readonly keep: readonly string[];
  };
  'machines.ready': { readonly machine: string };
  'machines.hosts': { readonly machine: string; readonly names: readonly string[] };
  'gluster.service': { readonly machine: string };
  'gluster.pool': { readonly machines: readonly string[] };
  'gluster.brick': { readonly brick: Brick; readonly volume: string; readonly from: string };
  'gluster.volume': { readonly volume: VolumeSpec; readonly from: string };
  'gluster.options': { readonly volume: VolumeSpec; readonly from: string };
  'gluster.refill': { readonly volume: VolumeSpec; readonly from: string };
  'gluster.start': { readonly volume: VolumeSpec; readonly from: string };
  /** Volumes of single claims, which lab.yaml does not name. */
  'gluster.claims': { readonly from: string; /** Volumes of lab.yaml. */ readonly except: readonly string[] };
  'gluster.heal': { readonly volume: VolumeSpec; readonly from: string };
  /** The program that mounts volumes before k3s starts. */
  'mounts.guard': { readonly machine: string };
  'mounts.mount': {
    readonly machine: string;
    readonly volume: string;
    readonly path: string;
    /** Machines that can hand out the volume file, the machine itself first if it is one of them. */
    readonly servers: readonly string[];
    /** Whether glusterd runs on the machine itself. */
    readonly local: boolean;
  };
  'mounts.keeper': {
    readonly machine: string;
    /** Whether it runs Kubernetes, and its server. */
    readonly node: boolean;
    readonly server: boolean;
    /** Its place among the machines that answer requests; undefined without glusterd. */
    readonly rank: number | undefined;
    readonly volumes: readonly KeptVolume[];
  };
  'k3s.install': { readonly machine: string };
  'k3s.config': { readonly node: NodeSpec };
  /** Not in the plan of `up`: takes the cluster away so that another is built. */
  'k3s.reset': { readonly machine: string; readonly mounts: readonly string[] };
  'k3s.forget': { readonly machine: string; readonly server: string };
  'k3s.service': { readonly machine: string; readonly role: 'server' | 'agent' };
  'k3s.member': {
    readonly machine: string;
    readonly server: string;
    /** Where the volumes are mounted. */
    readonly mounts: readonly string[];
  };
  'k3s.ready': { readonly machine: string; readonly server: string };
  'k3s.kubeconfig': { readonly server: string };
  'provisioner.apply': {
    readonly server: string;
    readonly namespace: string;
    /** Volumes by name, with where every node mounts them and where it mounts the volumes of single claims. */
    readonly volumes: readonly {
      readonly name: string;
      readonly path: string;
      readonly claims: string;
    }[];
    readonly classes: readonly ClassConfig[];
  };
  'smoke.run': {
    readonly server: string;
    readonly namespace: string;
    readonly nodes: readonly string[];
    readonly storageClass: string;
    readonly path: string;
    readonly timeoutMs: number;
  };
}

export type StepKind = keyof StepInputs;
