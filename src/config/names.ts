import type { LabConfig, NodeConfig } from './config.js';

/** Longest host name part (RFC 1123). */
export const HOST_NAME_MAX = 63;

/** Machine, host and Kubernetes node name of a node. */
export const machineName = (lab: string, node: string): string => `${lab}-${node}`;

/** The node that a person calls by its short name or by the name of its machine. */
export const findNode = (config: Pick<LabConfig, 'nodes'>, nameOrMachine: string): NodeConfig | undefined =>
  config.nodes.find(({ name, machine }) => name === nameOrMachine || machine === nameOrMachine);
