import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { getObjects, runKubectl } from '../kube/kubectl.js';
import { waitFor } from '../util/wait.js';
import { clusterVolumes } from './cluster.js';
import {
  claimManifest,
  claimReference,
  listManifest,
  namespaceManifest,
  volumeManifest,
  type WholeEntry,
} from './manifests.js';

/** Binding is done by a controller within a second; many at once take longer. */
const BOUND_MS = 120_000;
/** Applying some hundred objects at once. */
const APPLY_MS = 180_000;

/**
 * A volume that was released remembers the uid of the claim that is gone, and fits no other. Without the uid it is
 * meant for the claim of that name again, and for it alone.
 */
const freed = (entry: WholeEntry): string =>
  JSON.stringify({
    spec: {
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { ...claimReference(entry), uid: null, resourceVersion: null },
    },
  });

const make = (
  verb: 'apply' | 'create',
  items: readonly object[],
  what: string,
  { context, server }: { readonly context: StepContext; readonly server: string },
): Promise<unknown> =>
  runKubectl(context, server, [verb, '-f', '-'], {
    stdin: listManifest(items),
    what,
    timeoutMs: APPLY_MS,
  });

const ensureNamespaces = async (
  entries: readonly WholeEntry[],
  context: StepContext,
  server: string,
): Promise<void> => {
  const there = (await getObjects(context, server, 'namespaces')).map(({ metadata }) => metadata.name);
  const missing = [...new Set(entries.map(({ namespace }) => namespace))].filter(
    (name) => !there.includes(name),
  );
  if (missing.length > 0)
    await make('apply', missing.map(namespaceManifest), 'Creating namespaces', { context, server });
};

/**
 * Makes volumes and claims for directories that are there. The volumes come first, each meant for its claim alone, so
 * that no other claim can take one in between. Throws VOLUME_FAILED when some do not become Bound.
 */
export const restoreVolumes = async (
  entries: readonly WholeEntry[],
  context: StepContext,
  server: string,
): Promise<void> => {
  if (entries.length === 0) return;
  await ensureNamespaces(entries, context, server);
  const { volumes, claims: known } = await clusterVolumes(context, server);
  const there = volumes.map(({ name }) => name);
  for (const entry of entries.filter(({ pv }) => there.includes(pv)))
    await runKubectl(context, server, ['patch', 'pv', entry.pv, '-p', freed(entry)]);
  const missing = entries.filter(({ pv }) => !there.includes(pv));
  if (missing.length > 0)
    await make('apply', missing.map(volumeManifest), 'Creating the PVs', { context, server });
  const unclaimed = entries.filter(
    ({ namespace, claim }) => !known.some(({ id }) => id === `${namespace}/${claim}`),
  );
  // Not applied: to take a volume's name for part of an applied manifest makes `kubectl apply` of the claim's own one,
  // which has none, remove it, and that is refused.
  if (unclaimed.length > 0)
    await make('create', unclaimed.map(claimManifest), 'Creating the claims', { context, server });
  let waiting: readonly string[] = [];
  const bound = await waitFor(
    async () => {
      const { claims } = await clusterVolumes(context, server);
      waiting = entries
        .map(({ namespace, claim }) => `${namespace}/${claim}`)
        .filter((id) => claims.find((one) => one.id === id)?.phase !== 'Bound');
      return waiting.length === 0 ? true : undefined;
    },
    { clock: context.clock, signal: context.signal, timeoutMs: BOUND_MS, everyMs: 500 },
  );
  if (bound) return;
  throw new CliError('VOLUME_FAILED', `${waiting.length} claims are not bound to their PVs.`, {
    details: waiting.slice(0, 20),
    hint: `Show the events of the claims: kglab kubectl -- -n ${waiting[0]?.split('/')[0] ?? 'default'} describe pvc`,
  });
};
