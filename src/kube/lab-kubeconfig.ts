import { stringify } from 'yaml';
import { CliError } from '../errors/cli-error.js';
import { readKubeconfig, type KubeconfigData } from './read-kubeconfig.js';

/** Name of the lab's cluster, user and context in a kubeconfig. */
export const contextName = (lab: string): string => `kglab-${lab}`;

/** Where k3s writes the kubeconfig of its server. */
export const SERVER_FILE = '/etc/rancher/k3s/k3s.yaml';

type Entry = Readonly<Record<string, unknown>>;
type ListName = 'clusters' | 'users' | 'contexts';

const readServer = (text: string): KubeconfigData => {
  try {
    return readKubeconfig(text, SERVER_FILE).data;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError('K3S_FAILED', 'The kubeconfig that k3s wrote cannot be read.', {
      details: error.details,
      cause: error,
    });
  }
};

/** The entries of a list; k3s writes the file in place, so that it may be read while it is half written. */
const entriesOf = (data: KubeconfigData, list: ListName): readonly Entry[] => {
  const entries = (data?.[list] ?? []).filter((entry) => entry !== null && entry !== undefined);
  if (entries.length > 0) return entries;
  throw new CliError('K3S_FAILED', 'The kubeconfig that k3s wrote is not complete.', {
    details: [`${SERVER_FILE} has no entry under \`${list}\``],
  });
};

const changed = (value: unknown, changes: Entry): Entry => ({ ...(value as Entry), ...changes });

/**
 * The server's own kubeconfig made fit for another host: the machine's address instead of loopback, and names that do
 * not collide with other clusters'. The text holds a client key. Throws K3S_FAILED when it is not complete.
 */
export const forHost = (text: string, lab: string, address: string): string => {
  const data = readServer(text);
  const name = contextName(lab);
  const renamed = (list: ListName, change: (entry: Entry) => Entry = () => ({})): readonly Entry[] =>
    entriesOf(data, list).map((entry) => ({ ...entry, name, ...change(entry) }));
  const config = {
    ...data,
    clusters: renamed('clusters', ({ cluster }) => ({
      cluster: changed(cluster, { server: `https://${address}:6443` }),
    })),
    contexts: renamed('contexts', ({ context }) => ({
      context: changed(context, { cluster: name, user: name }),
    })),
    users: renamed('users'),
    'current-context': name,
  };
  return stringify(config, { lineWidth: 0 });
};
