/** A Kubernetes object; `sim` holds the simulator's own notes. */
export interface KubeObject {
  apiVersion?: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp?: string;
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  data?: Record<string, string>;
  provisioner?: string;
  reclaimPolicy?: string;
  sim?: {
    made: number;
    node?: string;
    container?: string;
    seen?: number;
    log?: string;
    trouble?: string;
    released?: boolean;
  };
}

/** The datastore of a cluster. */
export interface KubeStore {
  /** The token with which nodes join. */
  readonly token: string;
  readonly id: string;
  readonly objects: Record<string, KubeObject>;
}

/** Kinds without a namespace. */
const CLUSTER_WIDE = new Set([
  'Node',
  'Namespace',
  'PersistentVolume',
  'StorageClass',
  'ClusterRole',
  'ClusterRoleBinding',
]);

/** Whether objects of a kind have a namespace. */
export const isNamespaced = (kind: string): boolean => !CLUSTER_WIDE.has(kind);

/** Key of an object in the store. */
export const keyOf = (kind: string, name: string, namespace = ''): string =>
  `${kind}/${isNamespaced(kind) ? namespace : ''}/${name}`;

/** Name of the secret with a node's password. A recreated machine has another password, so k3s rejects it. */
export const passwordOf = (node: string): string => `${node}.node-password.k3s`;

/** Objects of a kind, in one namespace or in all. */
export const objectsOf = ({ objects }: KubeStore, kind: string, namespace?: string): KubeObject[] =>
  Object.values(objects).filter(
    (one) =>
      one.kind === kind &&
      (namespace === undefined || !isNamespaced(kind) || one.metadata.namespace === namespace),
  );

/** An object by its name. */
export const objectNamed = (
  { objects }: KubeStore,
  kind: string,
  name: string,
  namespace?: string,
): KubeObject | undefined => objects[keyOf(kind, name, namespace)];
