import type { StepContext } from '../engine/context.js';
import { getObjects, type KubeObject } from '../kube/kubectl.js';

/** A persistent volume, as far as kglab looks into it. */
export interface PersistentVolume {
  readonly name: string;
  readonly path: string | undefined;
  readonly class: string;
  readonly phase: string;
  readonly capacity: string;
  readonly accessModes: readonly string[];
  readonly reclaim: string;
  /** `namespace/name` of the claim it is bound to or meant for. */
  readonly claim: string | undefined;
  /** Node that it is pinned to. */
  readonly node: string | undefined;
}

/** A persistent volume claim. */
export interface Claim {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly class: string | undefined;
  readonly phase: string;
  readonly volumeName: string | undefined;
  readonly accessModes: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** What the cluster has of volumes. */
export interface ClusterVolumes {
  readonly volumes: readonly PersistentVolume[];
  readonly claims: readonly Claim[];
  /** Pods that name a claim, by `namespace/claim`. */
  readonly pods: ReadonlyMap<string, readonly PodUse[]>;
}

/** A pod that uses a claim. */
export interface PodUse {
  readonly pod: string;
  readonly node: string | undefined;
}

interface VolumeSpec {
  readonly hostPath?: { readonly path: string };
  readonly local?: { readonly path: string };
  readonly storageClassName?: string;
  readonly capacity?: { readonly storage?: string };
  readonly accessModes?: readonly string[];
  readonly persistentVolumeReclaimPolicy?: string;
  readonly claimRef?: { readonly namespace: string; readonly name: string };
  readonly nodeAffinity?: {
    readonly required?: {
      readonly nodeSelectorTerms: readonly {
        readonly matchExpressions?: readonly { readonly values?: readonly string[] }[];
      }[];
    };
  };
}

const phaseOf = ({ metadata, status }: KubeObject): string =>
  (metadata as { deletionTimestamp?: string }).deletionTimestamp === undefined
    ? String((status as { phase?: string } | undefined)?.phase ?? 'Pending')
    : 'Terminating';

/** Reads a PersistentVolume object. */
export const persistentVolume = (object: KubeObject): PersistentVolume => {
  const spec = (object.spec ?? {}) as VolumeSpec;
  const { claimRef, nodeAffinity } = spec;
  return {
    name: object.metadata.name,
    path: spec.hostPath?.path ?? spec.local?.path,
    class: spec.storageClassName ?? '',
    phase: phaseOf(object),
    capacity: spec.capacity?.storage ?? '',
    accessModes: spec.accessModes ?? [],
    reclaim: spec.persistentVolumeReclaimPolicy ?? '',
    claim: claimRef && `${claimRef.namespace}/${claimRef.name}`,
    node: nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0],
  };
};

/** Reads a PersistentVolumeClaim object. */
export const claim = (object: KubeObject): Claim => {
  const { name, namespace = 'default', annotations = {} } = object.metadata;
  const spec = (object.spec ?? {}) as {
    storageClassName?: string;
    volumeName?: string;
    accessModes?: readonly string[];
  };
  return {
    id: `${namespace}/${name}`,
    namespace,
    name,
    class: spec.storageClassName,
    phase: phaseOf(object),
    volumeName: spec.volumeName,
    accessModes: spec.accessModes ?? [],
    annotations,
  };
};

interface PodSpec {
  readonly nodeName?: string;
  readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
}

const ENDED = ['Succeeded', 'Failed'];

/** Pods by the claims they use; pods that have ended use none. */
export const podUses = (pods: readonly KubeObject[]): ReadonlyMap<string, readonly PodUse[]> => {
  const uses = new Map<string, PodUse[]>();
  for (const pod of pods) {
    const { name, namespace = 'default' } = pod.metadata;
    const { nodeName, volumes = [] } = (pod.spec ?? {}) as PodSpec;
    if (ENDED.includes(phaseOf(pod))) continue;
    for (const { persistentVolumeClaim } of volumes) {
      if (persistentVolumeClaim === undefined) continue;
      const id = `${namespace}/${persistentVolumeClaim.claimName}`;
      uses.set(id, [...(uses.get(id) ?? []), { pod: name, node: nodeName }]);
    }
  }
  return uses;
};

/** Asks the cluster for volumes, claims and the pods that use them. */
export const clusterVolumes = async (context: StepContext, server: string): Promise<ClusterVolumes> => {
  const objects = await getObjects(
    context,
    server,
    'persistentvolumes,persistentvolumeclaims,pods',
    '--all-namespaces',
  );
  const of = (kind: string): readonly KubeObject[] => objects.filter((object) => object.kind === kind);
  return {
    volumes: of('PersistentVolume').map(persistentVolume),
    claims: of('PersistentVolumeClaim').map(claim),
    pods: podUses(of('Pod')),
  };
};
