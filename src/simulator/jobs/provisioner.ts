import { Files } from '../world/files.js';
import { inBackground, isAsleep } from './background.js';
import { CATALOGUE, wakeKeepers } from '../world/keeper-rounds.js';
import type { Sim } from '../world/sim.js';
import type { SimMachine } from '../world/world.js';
import { newUuid } from '../world/world.js';
import { isRunning } from '../kube/nodes.js';
import { containerRuns } from '../kube/pods.js';
import { keyOf, objectNamed, objectsOf, type KubeStore, type KubeObject } from '../world/kube-store.js';

const NAME = 'rancher.io/local-path';
/** From the end of a helper pod until the provisioner notices it (milliseconds). */
const NOTICE_MS = 300;

interface Config {
  readonly sharedFileSystemPath?: string;
  readonly storageClassConfigs?: Readonly<Record<string, { readonly sharedFileSystemPath?: string }>>;
}

/** The provisioner's deployment, while a pod of it runs. */
const deploymentOf = (sim: Sim, server: SimMachine): KubeObject | undefined =>
  objectsOf(server.kube as KubeStore, 'Deployment').find(
    (one) => one.metadata.name === 'local-path-provisioner' && containerRuns(sim.world, server, one),
  );

const pathFor = (config: Config, storageClass: string): string | undefined =>
  config.storageClassConfigs?.[storageClass]?.sharedFileSystemPath ?? config.sharedFileSystemPath;

const scripts = (sim: Sim, server: SimMachine): Readonly<Record<string, string>> | undefined => {
  const deployment = deploymentOf(sim, server);
  const namespace = deployment?.metadata.namespace;
  return (
    deployment && objectNamed(server.kube as KubeStore, 'ConfigMap', 'local-path-config', namespace)?.data
  );
};

const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 },
};

const requested = ({ spec }: KubeObject): string =>
  (spec?.['resources'] as { requests?: { storage?: string } } | undefined)?.requests?.storage ?? '0';

const bytesOf = (quantity: string): string => {
  const [, number = '0', unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return String(Number(number) * (UNITS[unit] ?? 1));
};

/** Results of helper pods that the provisioner has not read yet. */
const results = new WeakMap<KubeStore, Map<string, string>>();

/**
 * Starts a helper pod, or reads its result: undefined while it runs, `''` if it succeeded, else its error. After a
 * failure the next call starts another pod.
 */
const helper = async (
  sim: Sim,
  server: SimMachine,
  node: SimMachine,
  {
    script,
    env,
  }: { readonly script: string; readonly env: Readonly<Record<string, string>> & { VOL_DIR: string } },
): Promise<string | undefined> => {
  const store = server.kube as KubeStore;
  const known = results.get(store) ?? new Map<string, string>();
  results.set(store, known);
  const name = `helper ${script.length} ${env.VOL_DIR}`;
  if (!known.has(name) && !Object.values(sim.world.machines).some((one) => isAsleep(sim, one, name)))
    await inBackground(
      sim,
      node,
      name,
      ['sh', '-c', script],
      ({ exitCode, stderr }) => {
        known.set(name, exitCode === 0 ? '' : stderr.trim() || `exit code ${exitCode}`);
        sim.schedule(server, 'kube.sync', NOTICE_MS);
      },
      { env },
    );
  const result = known.get(name);
  known.delete(name);
  return result;
};

/** Binds a claim for a pod on a node; returns why not, if it cannot yet. */
export const provision = async (
  sim: Sim,
  server: SimMachine,
  claim: KubeObject,
  node: string,
): Promise<string | undefined> => {
  const store = server.kube as KubeStore;
  if (claim.spec?.['volumeName'] !== undefined) return undefined;
  const storageClass = (claim.spec?.['storageClassName'] as string | undefined) ?? '';
  const found = objectNamed(store, 'StorageClass', storageClass);
  if (found?.provisioner !== NAME) return `storageclass "${storageClass}" not found`;
  const data = scripts(sim, server);
  const path = data && pathFor(JSON.parse(data['config.json'] ?? '{}') as Config, storageClass);
  const machine = sim.world.machines[node];
  if (data === undefined || path === undefined || machine === undefined)
    return 'waiting for the volume to be created';
  const name = `pvc-${claim.metadata.uid}`;
  const { name: claimName, namespace = '' } = claim.metadata;
  const directory = `${path}/${name}_${namespace}_${claimName}`;
  const env = { VOL_DIR: directory, VOL_SIZE_BYTES: bytesOf(requested(claim)), VOL_MODE: 'Filesystem' };
  const failure = await helper(sim, server, machine, { script: data['setup'] ?? 'exit 1', env });
  if (failure === undefined) return 'waiting for the volume to be created';
  if (failure !== '') return `failed to provision volume: ${failure}`;
  bindVolume(sim, store, claim, { name, path: directory, reclaim: found.reclaimPolicy ?? 'Delete' });
  wakeKeepers(sim.world, (about) => about === CATALOGUE);
  return undefined;
};

const bindVolume = (
  sim: Sim,
  store: KubeStore,
  claim: KubeObject,
  made: { readonly name: string; readonly path: string; readonly reclaim: string },
): void => {
  const { name: claimName, namespace = '' } = claim.metadata;
  store.objects[keyOf('PersistentVolume', made.name)] = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: made.name,
      uid: newUuid(sim.world),
      annotations: { 'pv.kubernetes.io/provisioned-by': NAME },
      creationTimestamp: new Date(sim.now).toISOString(),
    },
    spec: {
      hostPath: { path: made.path, type: 'DirectoryOrCreate' },
      capacity: { storage: requested(claim) },
      accessModes: claim.spec?.['accessModes'] ?? [],
      claimRef: { name: claimName, namespace },
      storageClassName: claim.spec?.['storageClassName'] ?? '',
      persistentVolumeReclaimPolicy: made.reclaim,
    },
    status: { phase: 'Bound' },
    sim: { made: sim.now },
  };
  claim.spec = { ...claim.spec, volumeName: made.name };
  claim.status = { phase: 'Bound' };
};

/** Reclaims the PV of a deleted claim; returns whether that is done. */
export const reclaim = async (sim: Sim, server: SimMachine, volume: KubeObject): Promise<boolean> => {
  const store = server.kube as KubeStore;
  if (volume.spec?.['persistentVolumeReclaimPolicy'] !== 'Delete') {
    volume.status = { phase: 'Released' };
    return true;
  }
  const data = scripts(sim, server);
  const directory = (volume.spec['hostPath'] as { path: string }).path;
  const parent = directory.slice(0, directory.lastIndexOf('/'));
  const isMount = (files: Files): boolean =>
    [parent, `${parent}/.kglab`].some((path) => files.mountOf(path) === path);
  const node = objectsOf(store, 'Node')
    .map(({ metadata }) => sim.world.machines[metadata.name])
    .find((one) => one && isRunning(sim.world, server, one.spec.name) && isMount(new Files(sim.world, one)));
  if (data === undefined || node === undefined) return false;
  const env = { VOL_DIR: directory, VOL_MODE: 'Filesystem' };
  if ((await helper(sim, server, node, { script: data['teardown'] ?? 'exit 1', env })) !== '') return false;
  delete store.objects[keyOf('PersistentVolume', volume.metadata.name)];
  wakeKeepers(sim.world, (about) => about === CATALOGUE);
  return true;
};
