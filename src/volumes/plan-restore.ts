import type { ClassConfig, LabConfig } from '../config/config.js';
import type { ClusterVolumes } from './cluster.js';
import type { Kept } from './inventory.js';
import type { WholeEntry } from './manifests.js';

/** What a restore would do. */
export interface RestorePlan {
  readonly restore: readonly WholeEntry[];
  /** Claims that are bound already. */
  readonly there: readonly string[];
  /** Why something cannot be restored: a sentence each. */
  readonly conflicts: readonly string[];
  /** Claims without a catalogue entry: kglab guesses size, access mode and class. */
  readonly guessed: readonly string[];
  /** Data that is not restored because its claim has newer data: a sentence each. */
  readonly left: readonly string[];
}

/** What to assume of a PV without a catalogue entry. */
export interface Guesses {
  /** Size of the PV: Kubernetes requires one, and nobody knows the old one. */
  readonly capacity: string;
}

const MIB = 1024 * 1024;

/** A number of bytes as Kubernetes writes it, e.g. `128Mi`. */
export const quantity = (bytes: number): string => (bytes % MIB === 0 ? `${bytes / MIB}Mi` : String(bytes));

const classFor = ({ volume, directory }: Kept, classes: readonly ClassConfig[]): ClassConfig | undefined => {
  const fitting = classes.filter(
    (one) => one.volume === volume && (one.mode === 'dedicated') === directory.dedicated,
  );
  return fitting.find(({ mode }) => mode === 'shared') ?? fitting[0];
};

const whole = (kept: Kept, { classes }: LabConfig, { capacity }: Guesses): WholeEntry => {
  const { entry, id } = kept;
  const guess = classFor(kept, classes);
  const [namespace = '', claim = ''] = id.split('/');
  return {
    pv: entry.pv,
    path: entry.path,
    namespace,
    claim,
    capacity: entry.capacity ?? (entry.bytes ? quantity(entry.bytes) : capacity),
    ...(entry.request !== undefined && { request: entry.request }),
    accessModes: entry.accessModes ?? [guess?.mode === 'pinned' ? 'ReadWriteOnce' : 'ReadWriteMany'],
    class: entry.class ?? guess?.name ?? '',
    volumeMode: entry.volumeMode ?? 'Filesystem',
    volumeType: entry.volumeType ?? 'hostPath',
    node: entry.node,
  };
};

const conflictOf = (kept: Kept, { claims, volumes }: ClusterVolumes): string | undefined => {
  const claim = claims.find(({ id }) => id === kept.id);
  if (claim?.phase === 'Terminating') return `claim ${kept.id} is being deleted`;
  if (claim?.volumeName !== undefined && claim.volumeName !== kept.entry.pv)
    return `claim ${kept.id} exists and has another PV, ${claim.volumeName}`;
  const pv = volumes.find(({ name }) => name === kept.entry.pv);
  if (pv !== undefined && pv.claim !== undefined && pv.claim !== kept.id)
    return `PV ${pv.name} exists and belongs to claim ${pv.claim}`;
  if (pv?.reclaim === 'Delete' && ['Released', 'Terminating'].includes(pv.phase))
    return `PV ${pv.name} of claim ${kept.id} is being deleted (restore it afterwards with: kglab volumes undo)`;
  if (claim !== undefined && claim.volumeName === undefined)
    return `claim ${kept.id} exists but has no PV yet (delete the claim: it has no data)`;
  return undefined;
};

const isThere = (kept: Kept, { claims }: ClusterVolumes): boolean =>
  claims.some(
    ({ id, volumeName, phase }) => id === kept.id && volumeName === kept.entry.pv && phase === 'Bound',
  );

const groupsOf = (all: readonly Kept[]): readonly (readonly [string, readonly Kept[]])[] => {
  const groups = new Map<string, Kept[]>();
  for (const kept of all) groups.set(kept.id, [...(groups.get(kept.id) ?? []), kept]);
  return [...groups].filter(([, found]) => found.length > 1);
};

const doubled = (all: readonly Kept[]): readonly string[] =>
  groupsOf(all).map(
    ([id, found]) =>
      `there are ${found.length} directories of claim ${id}: ${found.map(({ entry }) => entry.path).join(', ')} (choose one by the name of its PV, e.g. ${found[0]?.entry.pv ?? ''})`,
  );

/** Of several directories of one claim, the one of its PV, else the newest; undefined if an entry has no time. */
const latest = (twins: readonly Kept[], { claims }: ClusterVolumes): Kept | undefined => {
  const has = claims.find(({ id }) => id === twins[0]?.id)?.volumeName;
  const own = twins.find(({ entry }) => entry.pv === has);
  if (own !== undefined || twins.some(({ entry }) => entry.created === undefined)) return own;
  return [...twins].sort((a, b) => ((a.entry.created ?? '') < (b.entry.created ?? '') ? 1 : -1))[0];
};

/** Data of earlier claims of the same name, each with the newer data that replaced it. */
const outdated = (all: readonly Kept[], cluster: ClusterVolumes): ReadonlyMap<Kept, Kept> =>
  new Map(
    groupsOf(all).flatMap(([, twins]) => {
      const one = latest(twins, cluster);
      return one === undefined
        ? []
        : twins.filter((twin) => twin !== one).map((twin) => [twin, one] as const);
    }),
  );

/** Plans which data to restore. `chosen` has names of claims or PVs; empty means all. */
export const planRestore = (
  kept: readonly Kept[],
  cluster: ClusterVolumes,
  config: LabConfig,
  chosen: readonly string[],
  guesses: Guesses,
): RestorePlan => {
  const older = chosen.length === 0 ? outdated(kept, cluster) : new Map<Kept, Kept>();
  const wanted =
    chosen.length === 0
      ? kept.filter((one) => !older.has(one))
      : kept.filter(({ id, entry }) => chosen.includes(id) || chosen.includes(entry.pv));
  const unknown = chosen.filter((one) => !kept.some(({ id, entry }) => id === one || entry.pv === one));
  const missing = wanted.filter((one) => !isThere(one, cluster));
  const bad = new Map(missing.map((one) => [one, conflictOf(one, cluster)] as const));
  const good = missing.filter((one) => bad.get(one) === undefined);
  return {
    restore: good.map((one) => whole(one, config, guesses)),
    there: wanted.filter((one) => isThere(one, cluster)).map(({ id }) => id),
    conflicts: [
      ...unknown.map((one) => `there is no data of ${one} on the volumes`),
      ...doubled(good),
      ...[...bad.values()].filter((text) => text !== undefined),
    ],
    guessed: good.filter(({ guessed }) => guessed).map(({ id }) => id),
    left: [...older].map(
      ([{ id, entry }, newer]) =>
        `not restored: ${entry.path}, from an earlier claim ${id}. The data of ${newer.entry.pv} is newer.`,
    ),
  };
};
