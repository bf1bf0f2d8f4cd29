import { stringify } from 'yaml';
import type { NodeSpec } from '../../engine/kinds.js';
import { fill } from '../../util/template.js';
import { PATHS } from '../../guest/paths.js';
import { unitName } from '../../guest/unit-name.js';

/** Facts of a machine that its k3s configuration needs and that are only known when it runs. */
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

/** What the kubelet has to be told on this machine, beside the lab's own arguments, which must not take its place. */
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
 * The text of the systemd unit. As in k3s' install script only a server says when it is ready: an agent waits for its
 * server, and would hold up the boot of its machine (and cloud-init, which ends after it) for as long as that takes.
 */
export const renderK3sUnit = (template: string, { role, mounts }: NodeSpec): string =>
  fill(template, {
    role,
    type: role === 'server' ? 'notify' : 'exec',
    guard: PATHS.guard,
    mounts: mounts.join(' '),
    mountUnits: mounts.map(unitName).join(' '),
  });
