import type { JobHandler, Sim } from '../world/sim.js';
import { newUuid, type SimMachine, type SimWorld } from '../world/world.js';
import { isReady, isRunning } from './nodes.js';
import { objectsOf, type KubeObject } from '../world/kube-store.js';

/** From a kubelet's start to its report of ended containers, and from there to the new containers (milliseconds). */
const TIMES = { look: 1_000, start: 2_500 } as const;

/** Schedules the kubelet's next check of its pods. */
export const wakeKubelet = (sim: Sim, machine: SimMachine): void =>
  sim.schedule(machine, 'kube.kubelet', TIMES.look);

/** The deployments whose pods a machine should run but does not. */
const lacking = ({ world }: Sim, { running, spec }: SimMachine): KubeObject[] => {
  const server = Object.values(world.machines).find(
    ({ kube }) => kube !== undefined && kube.id === running?.cluster,
  );
  if (server?.kube === undefined) return [];
  return objectsOf(server.kube, 'Deployment').filter(
    ({ sim: own }) =>
      own?.node === spec.name && !(own.container && running?.containers?.includes(own.container)),
  );
};

/** The kubelet reports ended containers and schedules new ones. */
const lookAtPods: JobHandler = (sim, machine) => {
  for (const { sim: own } of lacking(sim, machine)) delete own?.container;
  sim.schedule(machine, 'kube.containers', TIMES.start);
};

const startContainers: JobHandler = (sim, machine) => {
  for (const { sim: own } of lacking(sim, machine)) {
    const id = newUuid(sim.world).replaceAll('-', '');
    if (own) own.container = id;
    if (machine.running) (machine.running.containers ??= []).push(id);
  }
};

/** Jobs of the kubelet. */
export const KUBELET_JOBS: Readonly<Record<string, JobHandler>> = {
  'kube.kubelet': lookAtPods,
  'kube.containers': startContainers,
};

/** Whether a deployment's container runs on its node, whatever was last reported. */
export const containerRuns = (world: SimWorld, server: SimMachine, { sim: own }: KubeObject): boolean => {
  if (own?.node === undefined || own.container === undefined) return false;
  const known = world.machines[own.node]?.running?.containers ?? [];
  return known.includes(own.container) && isRunning(world, server, own.node);
};

/** Whether a deployment's pod counts as ready: the last report holds until its node counts as not ready. */
export const isAvailable = (world: SimWorld, server: SimMachine, { sim: own }: KubeObject): boolean =>
  own?.node !== undefined && own.container !== undefined && isReady(world, server, own.node);

interface Template {
  readonly metadata?: { readonly labels?: Record<string, string> };
}

/** The Pod object of a deployment. */
export const podOf = (world: SimWorld, server: SimMachine, deployment: KubeObject): KubeObject => {
  const { metadata, spec, sim: own } = deployment;
  const { name, namespace, uid = '' } = metadata;
  const isUp = isAvailable(world, server, deployment);
  const labels = (spec?.['template'] as Template | undefined)?.metadata?.labels;
  const container = {
    name,
    ready: isUp,
    ...(own?.container !== undefined && { containerID: `containerd://${own.container}` }),
    state: own?.container === undefined ? { waiting: {} } : { running: {} },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${uid.slice(0, 8)}`,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
    },
    spec: own?.node === undefined ? {} : { nodeName: own.node },
    status: {
      phase: own?.container === undefined ? 'Pending' : 'Running',
      conditions: [{ type: 'Ready', status: isUp ? 'True' : 'False' }],
      containerStatuses: [container],
    },
  };
};
