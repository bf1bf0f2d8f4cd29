import { CATALOGUE, wakeKeepers } from '../world/keeper-rounds.js';
import type { Sim } from '../world/sim.js';
import type { SimMachine } from '../world/world.js';
import { newUuid } from '../world/world.js';
import {
  isNamespaced,
  keyOf,
  passwordOf,
  objectNamed,
  objectsOf,
  type KubeStore,
  type KubeObject,
} from '../world/kube-store.js';

/** A new namespace gets its service account after this time; until then it refuses pods (milliseconds). */
const ACCOUNT_MS = 400;
/** Time until the controllers notice a change (milliseconds). */
const NOTICE_MS = 1_200;

/** The API server refuses an object. */
export class Refused extends Error {}

const forbidNamespace = (
  { metadata: { name, namespace = '' }, kind }: KubeObject,
  store: KubeStore,
  now: number,
): void => {
  const found = objectNamed(store, 'Namespace', namespace);
  if (found === undefined) throw new Refused(`namespaces "${namespace}" not found`);
  if (found.metadata.deletionTimestamp !== undefined)
    throw new Refused(
      `${kind.toLowerCase()}s "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    );
  if (kind === 'Pod' && now - (found.sim?.made ?? 0) < ACCOUNT_MS)
    throw new Refused(
      `pods "${name}" is forbidden: error looking up service account ${namespace}/default: serviceaccount "default" not found`,
    );
};

/** A claim without a class gets the default class; the class `''` means none. */
const withClass = (claim: KubeObject, store: KubeStore): KubeObject => {
  if (claim.kind !== 'PersistentVolumeClaim' || claim.spec?.['storageClassName'] !== undefined) return claim;
  const found = objectsOf(store, 'StorageClass').find(
    ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
  return found ? { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } } : claim;
};

/** Creates or updates an object; annotations that are not given stay. */
export const applyObject = (
  sim: Sim,
  server: SimMachine,
  given: KubeObject,
  namespace: string,
): 'created' | 'configured' | 'unchanged' => {
  const store = server.kube as KubeStore;
  const { kind } = given;
  const home = isNamespaced(kind) ? (given.metadata.namespace ?? namespace) : undefined;
  const key = keyOf(kind, given.metadata.name, home);
  const known = store.objects[key];
  const metadata = { ...known?.metadata, ...given.metadata, ...(home !== undefined && { namespace: home }) };
  if (known === undefined && home !== undefined) forbidNamespace({ ...given, metadata }, store, sim.now);
  const admitted = known === undefined ? withClass(given, store) : given;
  const annotations = { ...known?.metadata.annotations, ...given.metadata.annotations };
  const { status: _none, ...wanted } = admitted;
  const made: KubeObject = {
    ...known,
    ...wanted,
    metadata: {
      uid: newUuid(sim.world),
      creationTimestamp: new Date(sim.now).toISOString(),
      ...metadata,
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: { ...known?.spec, ...admitted.spec },
    sim: known?.sim ?? { made: sim.now },
  };
  const isNewShape = JSON.stringify(known?.spec) !== JSON.stringify(made.spec);
  // A changed template replaces the pods.
  if (kind === 'Deployment' && known !== undefined && isNewShape) made.sim = { made: sim.now };
  if (kind === 'Pod' && known !== undefined) return 'unchanged';
  if (kind === 'Pod') made.status = { phase: 'Pending' };
  if (kind === 'PersistentVolumeClaim') made.status = known?.status ?? { phase: 'Pending' };
  store.objects[key] = made;
  if (kind.startsWith('PersistentVolume')) wakeKeepers(sim.world, (about) => about === CATALOGUE);
  sim.schedule(server, 'kube.sync', NOTICE_MS);
  if (known === undefined) return 'created';
  return isNewShape || JSON.stringify(known.data) !== JSON.stringify(made.data) ? 'configured' : 'unchanged';
};

/** Deletes an object; a namespace and its objects go a little later. */
export const deleteObject = (sim: Sim, server: SimMachine, { kind, metadata }: KubeObject): void => {
  const store = server.kube as KubeStore;
  const { name, namespace } = metadata;
  if (kind === 'Namespace') metadata.deletionTimestamp ??= new Date(sim.now).toISOString();
  else delete store.objects[keyOf(kind, name, namespace)];
  if (kind === 'Node') delete store.objects[keyOf('Secret', passwordOf(name), 'kube-system')];
  if (kind === 'PersistentVolumeClaim') release(store, name, namespace ?? '');
  if (kind.startsWith('PersistentVolume')) wakeKeepers(sim.world, (about) => about === CATALOGUE);
  sim.schedule(server, 'kube.sync', NOTICE_MS);
};

/** Marks the PV of a deleted claim as released. */
export const release = (store: KubeStore, claim: string, namespace: string): void => {
  for (const volume of objectsOf(store, 'PersistentVolume')) {
    const ref = volume.spec?.['claimRef'] as { name: string; namespace: string } | undefined;
    if (ref?.name === claim && ref.namespace === namespace && volume.sim) volume.sim.released = true;
  }
};

/** Creates the objects that every new cluster has. */
export const createInitialObjects = (sim: Sim, server: SimMachine, disabled: readonly string[]): void => {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    applyObject(sim, server, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, '');
  if (disabled.includes('local-storage')) return;
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const local = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local-path', annotations },
  };
  applyObject(sim, server, { ...local, provisioner: 'rancher.io/local-path', reclaimPolicy: 'Delete' }, '');
};
