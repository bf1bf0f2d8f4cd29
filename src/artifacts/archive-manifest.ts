import { normalizeImage } from './image-name.js';

const parse = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
};

const full = (refs: readonly unknown[]): readonly string[] => [
  ...new Set(refs.filter((ref): ref is string => typeof ref === 'string' && ref !== '').map(normalizeImage)),
];

/** References in the `manifest.json` of a docker-archive; untagged images have none. */
export const refsOfManifest = (text: string | undefined): readonly string[] => {
  const entries = parse(text);
  if (!Array.isArray(entries)) return [];
  return full(entries.flatMap((entry) => (entry as { RepoTags?: unknown[] | null } | null)?.RepoTags ?? []));
};

interface Index {
  readonly manifests?: readonly { readonly annotations?: Readonly<Record<string, unknown>> }[];
}

/** containerd's annotation has the whole reference; the standard one may be a mere tag, which names nothing. */
const refOf = (annotations: Readonly<Record<string, unknown>>): unknown => {
  const named = annotations['io.containerd.image.name'];
  if (named !== undefined) return named;
  const ref = annotations['org.opencontainers.image.ref.name'];
  return typeof ref === 'string' && /[/:]/.test(ref) ? ref : undefined;
};

/** References in the `index.json` of an OCI archive. */
export const refsOfIndex = (text: string | undefined): readonly string[] => {
  const { manifests } = (parse(text) ?? {}) as Index;
  return Array.isArray(manifests)
    ? full((manifests as NonNullable<Index['manifests']>).map(({ annotations = {} }) => refOf(annotations)))
    : [];
};
