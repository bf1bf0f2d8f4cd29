import { parse } from 'yaml';
import { createInitialObjects } from '../kube/objects.js';
import { registerNode, serverRuns } from '../kube/nodes.js';
import { wakeKubelet } from '../kube/pods.js';
import { keyOf, passwordOf, type KubeStore } from '../world/kube-store.js';
import { reach } from '../world/network.js';
import { runOn } from '../programs/run-program.js';
import type { JobHandler, Sim } from '../world/sim.js';
import { loadedUnit, log, unitValues } from '../world/unit-file.js';
import { newUuid, type SimMachine } from '../world/world.js';

const CONFIG = '/etc/rancher/k3s/config.yaml';
const DATABASE = '/var/lib/rancher/k3s/server/db/state.db';
const PASSWORD = '/etc/rancher/node/password';
/** The cluster's CA, on the server and as a node learnt it. */
const SERVER_CA = '/var/lib/rancher/k3s/server/tls/server-ca.crt';
const AGENT_CA = '/var/lib/rancher/k3s/agent/server-ca.crt';
const KUBECONFIG = '/etc/rancher/k3s/k3s.yaml';

/** RestartSec of the unit, and how long k3s takes to start (milliseconds). */
const TIMES = { restart: 5_000, server: 4_000, agent: 1_500, retry: 2_000, kubelet: 2_500 } as const;

interface Config {
  readonly token?: string;
  readonly server?: string;
  readonly 'node-ip'?: string;
  readonly disable?: readonly string[];
}

const configOf = ({ disk }: SimMachine): Config => (parse(disk[CONFIG]?.text ?? '') ?? {}) as Config;

const writeRootFile = (machine: SimMachine, path: string, text: string): void => {
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1))
    machine.disk[path.slice(0, at)] ??= { kind: 'dir', text: '', mode: '0755' };
  machine.disk[path] = { kind: 'file', text, mode: '0600' };
};

/** The unit failed: systemd starts it again later. */
const retryUnit = (sim: Sim, machine: SimMachine, unit: string, why: string): void => {
  log(machine, unit, why);
  const state = machine.running?.units[unit];
  if (state === undefined) return;
  state.restarts += 1;
  state.state = 'activating';
  sim.schedule(machine, 'k3s.try', TIMES.restart, unit);
};

/** systemd starts the unit: ExecStartPre, then k3s. */
const tryStart: JobHandler = async (sim, machine, unit) => {
  const text = loadedUnit(machine, unit) ?? '';
  for (const line of unitValues(text, 'ExecStartPre')) {
    const lenient = line.startsWith('-');
    const argv = line
      .replace(/^-/, '')
      .split(' ')
      .filter((word) => word !== '');
    const { exitCode, stderr } = await runOn(sim, machine, argv);
    if (exitCode !== 0 && !lenient)
      return retryUnit(sim, machine, unit, stderr.trim() || `${argv[0]} failed`);
  }
  const state = machine.running?.units[unit];
  if (state) state.since = sim.now;
  const [binary = '', role = ''] = (unitValues(text, 'ExecStart')[0] ?? '').split(' ');
  if (machine.disk[binary] === undefined)
    return retryUnit(sim, machine, unit, `${binary}: No such file or directory`);
  sim.schedule(
    machine,
    role === 'server' ? 'k3s.server' : 'k3s.agent',
    role === 'server' ? TIMES.server : TIMES.agent,
    unit,
  );
};

const openCluster = (sim: Sim, machine: SimMachine, token: string): KubeStore | string => {
  const known = machine.disk[DATABASE]?.text;
  if (known !== undefined && machine.kube?.id === known)
    return machine.kube.token === token
      ? machine.kube
      : 'bootstrap data already found and encrypted with different token';
  const store: KubeStore = { token, id: newUuid(sim.world), objects: {} };
  machine.kube = store;
  writeRootFile(machine, DATABASE, store.id);
  createInitialObjects(sim, machine, configOf(machine).disable ?? []);
  return store;
};

const kubeconfig = (id: string): string => `apiVersion: v1
kind: Config
clusters:
- cluster: {certificate-authority-data: simulated-${id}, server: 'https://127.0.0.1:6443'}
  name: default
contexts:
- context: {cluster: default, user: default}
  name: default
current-context: default
users:
- name: default
  user: {client-key-data: simulated}
`;

/** Whether a node may join: it must have the password with which it first joined. */
const admit = ({ world }: Sim, machine: SimMachine, store: KubeStore): boolean => {
  if (machine.disk[PASSWORD] === undefined) writeRootFile(machine, PASSWORD, newUuid(world));
  const password = machine.disk[PASSWORD]?.text ?? '';
  const name = passwordOf(machine.spec.name);
  const secret = (store.objects[keyOf('Secret', name, 'kube-system')] ??= {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'kube-system', uid: newUuid(world) },
    data: { password },
  });
  return secret.data?.['password'] === password;
};

const activate = (sim: Sim, machine: SimMachine, unit: string, store: KubeStore): void => {
  if (!admit(sim, machine, store))
    return retryUnit(
      sim,
      machine,
      unit,
      "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry",
    );
  const state = machine.running?.units[unit];
  if (state === undefined) return;
  writeRootFile(machine, AGENT_CA, store.id);
  state.state = 'active';
  log(machine, unit, 'k3s is up and running');
  sim.schedule(machine, 'k3s.kubelet', TIMES.kubelet, unit);
};

const serverUp: JobHandler = (sim, machine, unit) => {
  const store = openCluster(sim, machine, configOf(machine).token ?? '');
  if (typeof store === 'string') return retryUnit(sim, machine, unit, store);
  writeRootFile(machine, SERVER_CA, store.id);
  writeRootFile(machine, KUBECONFIG, kubeconfig(store.id));
  activate(sim, machine, unit, store);
  sim.schedule(machine, 'kube.sync', TIMES.kubelet);
};

const hostOf = (url = ''): string => url.replace(/^https:\/\//, '').replace(/:\d+$/, '');

/** The running server in a machine's configuration. */
const serverOf = ({ world }: Sim, machine: SimMachine): SimMachine | undefined => {
  const { server } = configOf(machine);
  const found = server === undefined ? machine : reach(world, machine, hostOf(server));
  return found && serverRuns(found) ? found : undefined;
};

const agentUp: JobHandler = (sim, machine, unit) => {
  const server = serverOf(sim, machine);
  if (server?.kube === undefined) {
    log(machine, unit, 'Waiting to retrieve agent configuration; server is not ready');
    return sim.schedule(machine, 'k3s.agent', TIMES.retry, unit);
  }
  if (server.kube.token !== configOf(machine).token)
    return retryUnit(
      sim,
      machine,
      unit,
      'Failed to validate connection to cluster: token CA hash does not match',
    );
  const known = machine.disk[AGENT_CA]?.text ?? server.kube.id;
  if (known !== server.kube.id)
    return retryUnit(sim, machine, unit, 'x509: certificate signed by unknown authority');
  activate(sim, machine, unit, server.kube);
};

const kubeletUp: JobHandler = (sim, machine, unit) => {
  const server = serverOf(sim, machine);
  if (server === undefined) return sim.schedule(machine, 'k3s.kubelet', TIMES.retry, unit);
  registerNode(sim, machine, server, configOf(machine)['node-ip'] ?? machine.address);
  wakeKubelet(sim, machine);
};

/** Jobs of k3s. */
export const K3S_JOBS: Readonly<Record<string, JobHandler>> = {
  'k3s.try': tryStart,
  'k3s.server': serverUp,
  'k3s.agent': agentUp,
  'k3s.kubelet': kubeletUp,
};
