import { Files } from '../files.js';
import { runOn } from '../run-on.js';
import type { Sim } from '../sim.js';
import type { SimMachine } from '../world.js';
import { newUuid } from '../world.js';
import { isRunning } from './nodes.js';
import { containerRuns } from './pods.js';
import { keyOf, thing, thingsOf, type KubeStore, type KubeThing } from './store.js';

const NAME = 'rancher.io/local-path';

interface Config {
  readonly sharedFileSystemPath?: string;
  readonly storageClassConfigs?: Readonly<Record<string, { readonly sharedFileSystemPath?: string }>>;
}

/** The provisioner's deployment, while a pod of it runs. */
const deploymentOf = (sim: Sim, server: SimMachine): KubeThing | undefined =>
  thingsOf(server.kube as KubeStore, 'Deployment').find(
    (one) => one.metadata.name === 'local-path-provisioner' && containerRuns(sim.world, server, one),
  );

const pathFor = (config: Config, storageClass: string): string | undefined =>
  config.storageClassConfigs?.[storageClass]?.sharedFileSystemPath ?? config.sharedFileSystemPath;

const scripts = (sim: Sim, server: SimMachine): Readonly<Record<string, string>> | undefined => {
  const deployment = deploymentOf(sim, server);
  const namespace = deployment?.metadata.namespace;
  return deployment && thing(server.kube as KubeStore, 'ConfigMap', 'local-path-config', namespace)?.data;
};

const helper = async (
  sim: Sim,
  node: SimMachine,
  script: string,
  directory: string,
): Promise<string | undefined> => {
  const { exitCode, stderr } = await runOn(sim, node, ['sh', '-c', script], { env: { VOL_DIR: directory } });
  return exitCode === 0 ? undefined : stderr.trim();
};

/** Binds a claim for a pod on a node; what is in the way, if anything is. */
export const provision = async (
  sim: Sim,
  server: SimMachine,
  claim: KubeThing,
  node: string,
): Promise<string | undefined> => {
  const store = server.kube as KubeStore;
  if (claim.spec?.['volumeName'] !== undefined) return undefined;
  const storageClass = (claim.spec?.['storageClassName'] as string | undefined) ?? '';
  const found = thing(store, 'StorageClass', storageClass);
  if (found?.provisioner !== NAME) return `storageclass "${storageClass}" not found`;
  const data = scripts(sim, server);
  const path = data && pathFor(JSON.parse(data['config.json'] ?? '{}') as Config, storageClass);
  const machine = sim.world.machines[node];
  if (data === undefined || path === undefined || machine === undefined)
    return 'waiting for the volume to be created';
  const name = `pvc-${newUuid(sim.world)}`;
  const { name: claimName, namespace = '' } = claim.metadata;
  const directory = `${path}/${name}_${namespace}_${claimName}`;
  const failure = await helper(sim, machine, data['setup'] ?? 'exit 1', directory);
  if (failure !== undefined) return `failed to provision volume: ${failure}`;
  store.objects[keyOf('PersistentVolume', name)] = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: newUuid(sim.world) },
    spec: {
      hostPath: { path: directory },
      claimRef: { name: claimName, namespace },
      storageClassName: storageClass,
      persistentVolumeReclaimPolicy: found.reclaimPolicy ?? 'Delete',
    },
    status: { phase: 'Bound' },
    sim: { made: sim.now },
  };
  claim.spec = { ...claim.spec, volumeName: name };
  claim.status = { phase: 'Bound' };
  return undefined;
};

/** Removes a volume whose claim is gone; whether that is done. */
export const reclaim = async (sim: Sim, server: SimMachine, volume: KubeThing): Promise<boolean> => {
  const store = server.kube as KubeStore;
  if (volume.spec?.['persistentVolumeReclaimPolicy'] !== 'Delete') {
    volume.status = { phase: 'Released' };
    return true;
  }
  const data = scripts(sim, server);
  const directory = (volume.spec['hostPath'] as { path: string }).path;
  const parent = directory.slice(0, directory.lastIndexOf('/'));
  const node = thingsOf(store, 'Node')
    .map(({ metadata }) => sim.world.machines[metadata.name])
    .find(
      (one) =>
        one &&
        isRunning(sim.world, server, one.spec.name) &&
        new Files(sim.world, one).mountOf(parent) === parent,
    );
  if (data === undefined || node === undefined) return false;
  if ((await helper(sim, node, data['teardown'] ?? 'exit 1', directory)) !== undefined) return false;
  delete store.objects[keyOf('PersistentVolume', volume.metadata.name)];
  return true;
};
