import { FileProblem, Files } from '../world/files.js';
import { runOn } from '../programs/run-program.js';
import type { Sim } from '../world/sim.js';
import type { SimMachine } from '../world/world.js';
import { isReady, isRunning, serverRuns } from '../kube/nodes.js';
import { wakeKubelet } from '../kube/pods.js';
import { provision, reclaim } from './provisioner.js';
import { deleteObject } from '../kube/objects.js';
import { keyOf, objectNamed, objectsOf, type KubeStore, type KubeObject } from '../world/kube-store.js';

/** Pause before the controllers try again (milliseconds). */
const AGAIN_MS = 2_000;

const readyNode = (sim: Sim, server: SimMachine): string | undefined =>
  objectsOf(server.kube as KubeStore, 'Node')
    .map(({ metadata }) => metadata.name)
    .find((name) => isReady(sim.world, server, name));

/** Schedules every deployment's pod on a ready node; returns whether all have one. */
const placeDeployments = (sim: Sim, server: SimMachine): boolean => {
  let settled = true;
  for (const deployment of objectsOf(server.kube as KubeStore, 'Deployment')) {
    const own = deployment.sim;
    if (own === undefined || (own.node !== undefined && isReady(sim.world, server, own.node))) continue;
    const node = readyNode(sim, server);
    delete own.container;
    if (node === undefined) delete own.node;
    else own.node = node;
    const machine = sim.world.machines[node ?? ''];
    if (machine) wakeKubelet(sim, machine);
    settled &&= node !== undefined;
  }
  return settled;
};

interface PodSpec {
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly containers?: readonly {
    readonly command?: readonly string[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

/** Binds the claims of a pod; returns the node's path of each volume, or why one is missing. */
const volumesOf = async (
  sim: Sim,
  server: SimMachine,
  pod: KubeObject,
  node: string,
): Promise<Record<string, string> | string> => {
  const store = server.kube as KubeStore;
  const found: Record<string, string> = {};
  for (const { name, persistentVolumeClaim } of (pod.spec as PodSpec).volumes ?? []) {
    if (persistentVolumeClaim === undefined) continue;
    const claim = objectNamed(
      store,
      'PersistentVolumeClaim',
      persistentVolumeClaim.claimName,
      pod.metadata.namespace,
    );
    if (claim === undefined) return `persistentvolumeclaim "${persistentVolumeClaim.claimName}" not found`;
    const failure = await provision(sim, server, claim, node);
    if (failure !== undefined) return failure;
    const volume = objectNamed(store, 'PersistentVolume', String(claim.spec?.['volumeName']));
    found[name] = (volume?.spec?.['hostPath'] as { path: string } | undefined)?.path ?? '';
  }
  return found;
};

/** Creates missing directories of volumes (DirectoryOrCreate); returns the error, if any. */
const makeFolders = (sim: Sim, machine: SimMachine, paths: readonly string[]): string | undefined => {
  try {
    for (const path of paths) new Files(sim.world, machine).mkdirs(path);
    return undefined;
  } catch (error) {
    if (error instanceof FileProblem) return `MountVolume.SetUp failed: ${error.message}`;
    throw error;
  }
};

/** Runs a pending pod if that is possible; returns why not, if it is not. */
const advancePod = async (sim: Sim, server: SimMachine, pod: KubeObject): Promise<string | undefined> => {
  const spec = pod.spec as PodSpec;
  const node = spec.nodeSelector?.['kubernetes.io/hostname'] ?? spec.nodeName ?? readyNode(sim, server);
  if (node === undefined || !isReady(sim.world, server, node)) return '0 nodes are available';
  const machine = sim.world.machines[node];
  if (machine === undefined || !isRunning(sim.world, server, node)) return `node ${node} does not answer`;
  const volumes = await volumesOf(sim, server, pod, node);
  if (typeof volumes === 'string') return volumes;
  const unmade = makeFolders(sim, machine, Object.values(volumes));
  if (unmade !== undefined) return unmade;
  const [container] = spec.containers ?? [];
  const binds = Object.fromEntries(
    (container?.volumeMounts ?? []).map(({ name, mountPath }) => [mountPath, volumes[name] ?? '/nowhere']),
  );
  const { exitCode, stdout, stderr } = await runOn(sim, machine, container?.command ?? ['true'], { binds });
  pod.status = { phase: exitCode === 0 ? 'Succeeded' : 'Failed' };
  pod.sim = { made: sim.now, node, log: stdout + stderr };
  return undefined;
};

const advancePods = async (sim: Sim, server: SimMachine): Promise<boolean> => {
  let settled = true;
  for (const pod of objectsOf(server.kube as KubeStore, 'Pod')) {
    if (pod.status?.['phase'] !== 'Pending') continue;
    const trouble = await advancePod(sim, server, pod);
    if (trouble === undefined) continue;
    pod.sim = { made: sim.now, ...pod.sim, trouble };
    settled = false;
  }
  return settled;
};

const emptyNamespaces = (sim: Sim, server: SimMachine): void => {
  const store = server.kube as KubeStore;
  for (const { metadata } of objectsOf(store, 'Namespace')) {
    if (metadata.deletionTimestamp === undefined) continue;
    for (const one of Object.values(store.objects))
      if (one.metadata.namespace === metadata.name) deleteObject(sim, server, one);
    delete store.objects[keyOf('Namespace', metadata.name)];
  }
};

const reclaimVolumes = async (sim: Sim, server: SimMachine): Promise<boolean> => {
  let settled = true;
  for (const volume of objectsOf(server.kube as KubeStore, 'PersistentVolume'))
    if (volume.sim?.released && !(await reclaim(sim, server, volume))) settled = false;
  return settled;
};

/** One round of a cluster's controllers; schedules another one while something is left to do. */
export const syncCluster = async (sim: Sim, server: SimMachine): Promise<void> => {
  if (!serverRuns(server)) return;
  emptyNamespaces(sim, server);
  const placed = placeDeployments(sim, server);
  const ran = await advancePods(sim, server);
  const reclaimed = await reclaimVolumes(sim, server);
  const waits = sim.world.jobs.some(
    ({ kind, machine }) => kind === 'kube.sync' && machine === server.spec.name,
  );
  if (!(placed && ran && reclaimed) && !waits) sim.schedule(server, 'kube.sync', AGAIN_MS);
};
