import type { LabConfig, NodeConfig } from '../../config/config.js';
import { kubernetesNodes, serverMachine } from '../../config/roles.js';
import type { NodeSpec } from '../../engine/kinds.js';
import { step } from '../../engine/make-step.js';
import type { Step } from '../../engine/step.js';

const spec = (config: LabConfig, { machine, roles }: NodeConfig): NodeSpec => {
  const role = roles.includes('server') ? 'server' : 'agent';
  return {
    machine,
    role,
    server: serverMachine(config),
    disable: config.k3s.disable,
    extraConfig: role === 'server' ? config.k3s.serverConfig : config.k3s.agentConfig,
    mounts: config.volumes.map(({ mount }) => mount),
  };
};

const planForget = (machine: string, server: string): Step =>
  step(
    'k3s.forget',
    machine,
    `Let the cluster forget an earlier ${machine}`,
    [`k3s.config:${machine}`, `machines.ready:${server}`],
    { machine, server },
  );

const planMember = (machine: string, server: string, mounts: readonly string[]): Step =>
  step(
    'k3s.member',
    machine,
    `See that ${machine} is in the cluster of ${server}`,
    [`k3s.service:${machine}`, `k3s.service:${server}`],
    { machine, server, mounts },
  );

const planNode = (config: LabConfig, node: NodeConfig): readonly Step[] => {
  const { machine } = node;
  const { role, server, mounts } = spec(config, node);
  const isAgent = role === 'agent';
  const mounted = config.volumes.map(({ name }) => `mounts.mount:${name}@${machine}`);
  return [
    step('k3s.install', machine, `Install k3s on ${machine}`, [`machines.ready:${machine}`], { machine }),
    step(
      'k3s.config',
      machine,
      `Configure the k3s ${role} on ${machine}`,
      [`machines.hosts:${machine}`, `k3s.install:${machine}`],
      {
        node: spec(config, node),
      },
    ),
    ...(isAgent ? [planForget(machine, server)] : []),
    step(
      'k3s.service',
      machine,
      `Start the k3s ${role} on ${machine}`,
      [isAgent ? `k3s.forget:${machine}` : `k3s.config:${machine}`, ...mounted],
      { machine, role },
    ),
    ...(isAgent ? [planMember(machine, server, mounts)] : []),
    step(
      'k3s.ready',
      machine,
      `Wait until node ${machine} is Ready`,
      [isAgent ? `k3s.member:${machine}` : `k3s.service:${machine}`],
      {
        machine,
        server,
      },
    ),
  ];
};

/**
 * k3s on every Kubernetes node. Agents are started together with the server and wait for it by themselves, as k3s
 * means them to (they know the token, which the lab chose); only their readiness needs the server.
 */
export const planK3s = (config: LabConfig): readonly Step[] => {
  const server = serverMachine(config);
  return [
    ...kubernetesNodes(config).flatMap((node) => planNode(config, node)),
    step('k3s.kubeconfig', '', 'Fetch the kubeconfig for this host', [`k3s.service:${server}`], { server }),
  ];
};
