import type { Entry } from './entry.js';

/** Label of everything that `volumes` creates in the cluster. */
const MANAGED = { 'app.kubernetes.io/managed-by': 'kglab' };

/** An entry of which all that a PersistentVolume needs is known. */
export type WholeEntry = Required<
  Pick<Entry, 'pv' | 'path' | 'namespace' | 'claim' | 'capacity' | 'accessModes' | 'class' | 'volumeMode'>
> &
  Pick<Entry, 'request'> & { readonly node: string | undefined; readonly volumeType: 'hostPath' | 'local' };

const source = ({ path, volumeType }: WholeEntry): object =>
  volumeType === 'local'
    ? { local: { path } }
    : // Unlike the provisioner's DirectoryOrCreate this fails when the data is not there.
      { hostPath: { path, type: 'Directory' } };

const affinity = ({ node }: WholeEntry): object =>
  node === undefined
    ? {}
    : {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
      };

/** How a volume names the claim that it is meant for. */
export const claimReference = ({ namespace, claim }: WholeEntry): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace,
  name: claim,
});

/**
 * A volume on a directory that is there already. It is kept whatever becomes of its claim, and meant for one claim by
 * namespace and name: without a uid a claim made anew fits, and no other ever does.
 */
export const volumeManifest = (entry: WholeEntry): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: entry.pv, labels: MANAGED },
  spec: {
    capacity: { storage: entry.capacity },
    accessModes: entry.accessModes,
    volumeMode: entry.volumeMode,
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: entry.class,
    claimRef: claimReference(entry),
    ...source(entry),
    ...affinity(entry),
  },
});

/** The claim of a volume, bound to it by name. */
export const claimManifest = (entry: WholeEntry): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: entry.claim, namespace: entry.namespace },
  spec: {
    accessModes: entry.accessModes,
    storageClassName: entry.class,
    volumeMode: entry.volumeMode,
    volumeName: entry.pv,
    resources: { requests: { storage: entry.request ?? entry.capacity } },
  },
});

/** A namespace. */
export const namespaceManifest = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** Several objects as one that kubectl takes. */
export const listManifest = (items: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
