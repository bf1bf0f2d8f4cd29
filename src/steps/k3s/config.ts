import { stringify } from 'yaml';
import type { LabConfig, NodeConfig } from '../../config/config.js';
import { kubernetesNodes, serverMachine } from '../../config/roles.js';
import { machineInfo, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { writeFile } from '../../guest/files.js';
import { PATHS, unitOf, unitName } from '../../guest/layout.js';
import { sha256 } from '../../util/checksum.js';
import { fill } from '../../util/template.js';
import { guestScript } from '../../guest/script.js';

/** A Kubernetes node as the plan wants it. */
export interface NodeSpec {
  readonly machine: string;
  readonly role: 'server' | 'agent';
  /** Machine of the server. */
  readonly server: string;
  readonly disable: readonly string[];
  readonly extraConfig: Readonly<Record<string, unknown>>;
  /** Paths that must be mounted before k3s may start. */
  readonly mounts: readonly string[];
}

const specOf = (config: LabConfig, { machine, roles }: NodeConfig): NodeSpec => {
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

/** The Kubernetes nodes of a lab, the server first. */
export const nodeSpecs = (config: LabConfig): readonly NodeSpec[] =>
  kubernetesNodes(config).map((node) => specOf(config, node));

/** The nodes that are agents. */
export const agentSpecs = (config: LabConfig): readonly NodeSpec[] =>
  nodeSpecs(config).filter(({ role }) => role === 'agent');

/** Facts for the k3s configuration that are known only once the machine runs. */
export interface NodeFacts {
  readonly address: string;
  /** Network interface that carries the address. */
  readonly iface: string;
  /** Whether the machine has cgroup v1 only, which kubelets from 1.35 on refuse unless told not to. */
  readonly cgroupV1: boolean;
}

/** Kubernetes minor version of a release tag: 36 of `v1.36.2+k3s1`. */
export const minorOf = (version: string): number => Number(/^v1\.(\d+)\./.exec(version)?.[1] ?? 0);

/** First minor version whose kubelet fails on cgroup v1 by default. */
const FAILS_ON_CGROUP_V1 = 35;

/** The kubelet arguments for cgroup v1, merged with those of lab.yaml, which would otherwise replace them. */
const kubeletArg = ({ extraConfig }: NodeSpec, { cgroupV1 }: NodeFacts, version: string): object => {
  if (!cgroupV1 || minorOf(version) < FAILS_ON_CGROUP_V1) return {};
  return { 'kubelet-arg': ['fail-cgroupv1=false', extraConfig['kubelet-arg'] ?? []].flat() };
};

/** The text of config.yaml. It holds the token: 0600, and never on a command line. */
export const renderK3sConfig = (node: NodeSpec, facts: NodeFacts, token: string, version: string): string => {
  const common = {
    token,
    'node-name': node.machine,
    'node-ip': facts.address,
    'flannel-iface': facts.iface,
  };
  const role =
    node.role === 'server'
      ? {
          'tls-san': [node.machine, facts.address],
          'write-kubeconfig-mode': '0600',
          disable: [...new Set(['local-storage', ...node.disable])],
        }
      : { server: `https://${node.server}:6443` };
  const config = { ...common, ...role, ...node.extraConfig, ...kubeletArg(node, facts, version) };
  return stringify(config, { lineWidth: 0 });
};

/**
 * The text of the systemd unit. As in k3s' install script only a server is of type notify: an agent waits for its
 * server and would delay the boot of its machine, and cloud-init, for as long as that takes.
 */
export const renderK3sUnit = (template: string, { role, mounts }: NodeSpec): string =>
  fill(template, {
    role,
    type: role === 'server' ? 'notify' : 'exec',
    guard: PATHS.guard,
    mounts: mounts.join(' '),
    mountUnits: mounts.map(unitName).join(' '),
  });

interface Found {
  readonly facts: NodeFacts;
  readonly sums: string;
}

const factsOf = async (node: NodeSpec, context: StepContext): Promise<Found> => {
  const { address = '' } = (await machineInfo(node.machine, context)) ?? {};
  const { stdout } = await checked(
    context.machine(node.machine),
    node.machine,
    guestScript('k3s.sh', 'node_facts', address, PATHS.k3sConfig, unitPath(node)),
    {
      code: 'K3S_FAILED',
      what: `Checking the k3s configuration on ${node.machine}`,
      signal: context.signal,
    },
  );
  const iface = /^iface (\S+)$/m.exec(stdout)?.[1];
  if (iface === undefined)
    throw new CliError(
      'MACHINE_UNREACHABLE',
      address === ''
        ? `The provider reports no address for ${node.machine}.`
        : `No interface of ${node.machine} has its address ${address}.`,
      {
        hint: `See the addresses of the machine: kglab exec ${node.machine} -- ip addr\nThen run \`kglab up\` again.`,
      },
    );
  return { facts: { address, iface, cgroupV1: /^cgroup v1$/m.test(stdout) }, sums: stdout };
};

const unitPath = ({ role }: NodeSpec): string => `/etc/systemd/system/${unitOf(role)}.service`;

const texts = (node: NodeSpec, facts: NodeFacts, context: StepContext): { config: string; unit: string } => ({
  config: renderK3sConfig(node, facts, context.token, context.artifacts.version),
  unit: renderK3sUnit(context.templates['k3s.service'] ?? '', node),
});

/** config.yaml and the unit are those of this lab; compared by checksum, so that the token is never read back. */
export const configureK3s = defineStep<{ readonly node: NodeSpec }>({
  kind: 'k3s.config',
  inputs: (config) => nodeSpecs(config).map((node) => ({ node })),
  target: ({ node }) => node.machine,
  title: ({ node }) => `Configure the k3s ${node.role} on ${node.machine}`,
  needs: ({ node: { machine } }) => [`machines.hosts:${machine}`, `k3s.install:${machine}`],
  probe: async ({ node }, context) => {
    const { facts, sums } = await factsOf(node, context);
    const { config, unit } = texts(node, facts, context);
    if (!sums.includes(sha256(config))) return pending('the config.yaml of k3s is missing or outdated');
    return sums.includes(sha256(unit))
      ? satisfied
      : pending('the systemd unit of k3s is missing or outdated');
  },
  apply: async ({ node }, context) => {
    const { facts } = await factsOf(node, context);
    const { config, unit } = texts(node, facts, context);
    const { signal } = context;
    const machine = context.machine(node.machine);
    // Request the restart before the files change: a crash in between must not leave k3s on the old ones. That also
    // covers a k3s that is just starting. Restarting a stopped k3s starts it.
    await checked(machine, node.machine, guestScript('k3s.sh', 'request_restart'), {
      code: 'K3S_FAILED',
      what: `Requesting a restart of k3s on ${node.machine}`,
      signal,
    });
    await writeFile(machine, PATHS.k3sConfig, config, { mode: '0600', signal });
    await writeFile(machine, unitPath(node), unit, { mode: '0644', signal });
    await checked(machine, node.machine, cmd('systemctl', 'daemon-reload'), {
      code: 'K3S_FAILED',
      what: `Reloading systemd on ${node.machine}`,
      signal,
    });
  },
});
