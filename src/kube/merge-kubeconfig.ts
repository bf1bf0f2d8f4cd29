import { parse, parseDocument, stringify } from 'yaml';

interface Entry {
  readonly name: string;
}
interface Kubeconfig {
  clusters?: Entry[] | null;
  contexts?: Entry[] | null;
  users?: Entry[] | null;
  'current-context'?: string;
}

const put = (entries: Entry[] | null | undefined, added: Entry[] | null | undefined): Entry[] => [
  ...(entries ?? []).filter(({ name }) => !(added ?? []).some((one) => one.name === name)),
  ...(added ?? []),
];

/**
 * The kubeconfig `own` with the clusters, users and contexts of `added` in it, replacing those of the same name and no
 * others; the current context stays what it is, unless there is none. The text holds keys.
 */
export const mergeContexts = (own: string, added: string): { text: string; context: string } => {
  const base = (parse(own) ?? { apiVersion: 'v1', kind: 'Config' }) as Kubeconfig;
  const extra = parse(added) as Kubeconfig;
  const context = extra['current-context'] ?? '';
  const merged = {
    ...base,
    clusters: put(base.clusters, extra.clusters),
    users: put(base.users, extra.users),
    contexts: put(base.contexts, extra.contexts),
    'current-context': base['current-context'] || context,
  };
  return { text: stringify(merged, { lineWidth: 0 }), context };
};

/** Whether a kubeconfig has a cluster, user or context called `name`. A text that is no kubeconfig has none. */
export const hasContext = (own: string, name: string): boolean => {
  const parsed: unknown = parseDocument(own, { logLevel: 'silent' }).toJS();
  const { clusters, users, contexts } = (
    typeof parsed === 'object' && parsed !== null ? parsed : {}
  ) as Kubeconfig;
  return [clusters, users, contexts].some((entries) => entries?.some((entry) => entry.name === name));
};

/** The kubeconfig `own` without the cluster, user and context called `name`. */
export const withoutContext = (own: string, name: string): string => {
  const base = (parse(own) ?? {}) as Kubeconfig;
  const drop = (entries: Entry[] | null | undefined): Entry[] =>
    (entries ?? []).filter((entry) => entry.name !== name);
  const current = base['current-context'] === name ? '' : base['current-context'];
  return stringify(
    {
      ...base,
      clusters: drop(base.clusters),
      users: drop(base.users),
      contexts: drop(base.contexts),
      'current-context': current,
    },
    { lineWidth: 0 },
  );
};
