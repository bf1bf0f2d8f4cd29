import { connected } from '../world/network.js';
import type { Sim } from '../world/sim.js';
import type { SimMachine, SimWorld } from '../world/world.js';
import { newUuid } from '../world/world.js';
import { keyOf, objectNamed, objectsOf, type KubeStore, type KubeObject } from '../world/kube-store.js';

/** A node that does not report for this long counts as not ready (node-monitor-grace-period; milliseconds). */
const GRACE_MS = 40_000;

/** Whether a machine's k3s server answers. */
export const serverRuns = ({ running, kube }: SimMachine): boolean =>
  kube !== undefined && running?.units['k3s.service']?.state === 'active';

const isAlive = (world: SimWorld, server: SimMachine, node: KubeObject): boolean => {
  const machine = world.machines[node.metadata.name];
  return (
    machine?.running?.cluster === server.kube?.id &&
    machine !== undefined &&
    connected(world, machine, server)
  );
};

/** Whether the cluster counts a node as ready. */
export const isReady = (world: SimWorld, server: SimMachine, name: string): boolean => {
  const node = server.kube && objectNamed(server.kube, 'Node', name);
  if (node === undefined) return false;
  return isAlive(world, server, node) || world.time - (node.sim?.seen ?? 0) <= GRACE_MS;
};

/** Whether a node's kubelet runs and reaches the server now. */
export const isRunning = (world: SimWorld, server: SimMachine, name: string): boolean => {
  const node = server.kube && objectNamed(server.kube, 'Node', name);
  return node !== undefined && isAlive(world, server, node);
};

const servers = ({ machines }: SimWorld): SimMachine[] =>
  Object.values(machines).filter(({ kube }) => kube !== undefined);

/** Notes the current time as the last report of every node that runs. */
export const noteSeen = (world: SimWorld): void => {
  for (const server of servers(world))
    for (const node of objectsOf(server.kube as KubeStore, 'Node'))
      if (node.sim && isAlive(world, server, node)) node.sim.seen = world.time;
};

/** Stops a machine's kubelet; the cluster notices after its grace period. */
export const leaveCluster = (sim: Sim, machine: SimMachine): void => {
  if (machine.running) machine.running.cluster = undefined;
  for (const server of servers(sim.world))
    if (server.running) sim.schedule(server, 'kube.sync', GRACE_MS + 1_000);
};

/** Registers a node, or updates it. */
export const registerNode = (sim: Sim, machine: SimMachine, server: SimMachine, address: string): void => {
  const store = server.kube;
  if (store === undefined || machine.running === undefined) return;
  const { name } = machine.spec;
  const known = objectNamed(store, 'Node', name);
  machine.running.cluster = store.id;
  store.objects[keyOf('Node', name)] = {
    ...known,
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: newUuid(sim.world),
      labels: { 'kubernetes.io/hostname': name },
      ...known?.metadata,
    },
    spec: known?.spec ?? {},
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
    },
    sim: { made: sim.now, ...known?.sim, seen: sim.now },
  };
  sim.schedule(server, 'kube.sync', 500);
};

/** A Node object with its current condition. */
export const nodeNow = (world: SimWorld, server: SimMachine, node: KubeObject): KubeObject => {
  const ready = isReady(world, server, node.metadata.name);
  const condition = ready
    ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      };
  const lastHeartbeatTime = `${new Date(node.sim?.seen ?? 0).toISOString().slice(0, 19)}Z`;
  return { ...node, status: { ...node.status, conditions: [{ ...condition, lastHeartbeatTime }] } };
};
