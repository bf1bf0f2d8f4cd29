import type { ClassConfig, LabConfig } from '../config/config.js';
import type { ClusterVolumes } from './cluster.js';
import type { Kept } from './inventory.js';
import type { WholeEntry } from './manifests.js';

/** What a restore would do. */
export interface RestorePlan {
  readonly restore: readonly WholeEntry[];
  /** Claims that have their volume already. */
  readonly there: readonly string[];
  /** Why something cannot be restored: a sentence each. */
  readonly conflicts: readonly string[];
  /** Claims of which only the directory was left. */
  readonly guessed: readonly string[];
  /** Data that stays where it is, as its claim has other, newer data: a sentence each. */
  readonly left: readonly string[];
}

/** What to assume of a volume of which only the directory is left. */
export interface Guesses {
  /** Size to ask for; nobody knows it any more, and Kubernetes wants one. */
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
    return `claim ${kept.id} exists and has another volume, ${claim.volumeName}`;
  const pv = volumes.find(({ name }) => name === kept.entry.pv);
  if (pv !== undefined && pv.claim !== undefined && pv.claim !== kept.id)
    return `volume ${pv.name} exists and belongs to claim ${pv.claim}`;
  if (pv?.reclaim === 'Delete' && ['Released', 'Terminating'].includes(pv.phase))
    return `volume ${pv.name} of claim ${kept.id} is being deleted (restore it afterwards with: kglab volumes undo)`;
  if (claim !== undefined && claim.volumeName === undefined)
    return `claim ${kept.id} exists and waits for a volume (delete it; it holds no data yet)`;
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
      `claim ${id} has left ${found.length} directories: ${found.map(({ entry }) => entry.path).join(', ')} (name one by its volume, e.g. ${found[0]?.entry.pv ?? ''})`,
  );

/** Of several directories of one claim, that which it has, or had last; undefined when nobody knows. */
const latest = (twins: readonly Kept[], { claims }: ClusterVolumes): Kept | undefined => {
  const has = claims.find(({ id }) => id === twins[0]?.id)?.volumeName;
  const own = twins.find(({ entry }) => entry.pv === has);
  if (own !== undefined || twins.some(({ entry }) => entry.created === undefined)) return own;
  return [...twins].sort((a, b) => ((a.entry.created ?? '') < (b.entry.created ?? '') ? 1 : -1))[0];
};

/** What an earlier claim of the same name has left, each with what has taken its place. */
const outdated = (all: readonly Kept[], cluster: ClusterVolumes): ReadonlyMap<Kept, Kept> =>
  new Map(
    groupsOf(all).flatMap(([, twins]) => {
      const one = latest(twins, cluster);
      return one === undefined
        ? []
        : twins.filter((twin) => twin !== one).map((twin) => [twin, one] as const);
    }),
  );

/** Judges which of the kept data can be had back. `chosen` are claims or volume names; none means everything. */
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
        `${entry.path} of an earlier claim ${id} is left alone: ${newer.entry.pv} is newer`,
    ),
  };
};
