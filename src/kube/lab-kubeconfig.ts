import { parse, stringify } from 'yaml';

interface Named {
  name: string;
}
interface Kubeconfig {
  clusters: (Named & { cluster: { server: string } })[];
  contexts: (Named & { context: { cluster: string; user: string } })[];
  users: Named[];
  'current-context': string;
}

/** Name of the lab's cluster, user and context in a kubeconfig. */
export const contextName = (lab: string): string => `kglab-${lab}`;

/**
 * The server's own kubeconfig made fit for another host: the machine's address instead of loopback, and names that do
 * not collide with other clusters'. The text holds a client key.
 */
export const forHost = (text: string, lab: string, address: string): string => {
  const config = parse(text) as Kubeconfig;
  const name = contextName(lab);
  for (const entry of [...config.clusters, ...config.contexts, ...config.users]) entry.name = name;
  for (const { cluster } of config.clusters) cluster.server = `https://${address}:6443`;
  for (const { context } of config.contexts) Object.assign(context, { cluster: name, user: name });
  return stringify({ ...config, 'current-context': name }, { lineWidth: 0 });
};
