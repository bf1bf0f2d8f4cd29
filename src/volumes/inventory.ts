import type { ClusterVolumes } from './cluster.js';
import { parseDirectoryName, type Entry } from './entry.js';
import type { Directory, Surveyed } from './survey.js';

/** A directory with data, and all that the catalogue or its name tell of it. */
export interface Kept {
  readonly volume: string;
  readonly directory: Directory;
  readonly entry: Entry;
  /** Only the directory has survived: size, modes and class are guesses. */
  readonly guessed: boolean;
  /** `namespace/claim`. */
  readonly id: string;
}

/** Of several entries of one directory: that of a volume which the cluster has, else the newest. */
const fromCatalogue = (
  directory: Directory,
  entries: readonly Entry[],
  live: readonly string[],
): Entry | undefined => {
  const found = entries.filter(({ path }) => path.replace(/\/+$/, '') === directory.path);
  const newest = [...found].sort((a, b) => ((a.created ?? '') < (b.created ?? '') ? 1 : -1))[0];
  return found.find(({ pv }) => live.includes(pv)) ?? newest;
};

/**
 * All data of claims on the volumes: what the catalogue knows, else what the names of directories say. `live` are the
 * volumes that the cluster has, where that is known.
 */
export const inventory = (surveyed: readonly Surveyed[], live: readonly string[] = []): readonly Kept[] =>
  surveyed.flatMap(({ volume, directories, entries }) =>
    directories.flatMap((directory) => {
      const known = fromCatalogue(directory, entries, live);
      const named = parseDirectoryName(directory.name);
      const namespace = known?.namespace ?? named?.namespace;
      const claim = known?.claim ?? named?.claim;
      const pv = known?.pv ?? named?.pv;
      if (namespace === undefined || claim === undefined || pv === undefined) return [];
      const entry: Entry = { version: 1, path: directory.path, ...known, pv, namespace, claim };
      const guessed = known?.accessModes === undefined;
      return [{ volume, directory, entry, guessed, id: `${namespace}/${claim}` }];
    }),
  );

/** Without what the provisioner deleted while the directories were read: its volume was there before, not after. */
export const stillKept = (
  kept: readonly Kept[],
  before: ClusterVolumes,
  after: ClusterVolumes,
): readonly Kept[] => {
  const has = ({ volumes }: ClusterVolumes, pv: string): boolean => volumes.some(({ name }) => name === pv);
  return kept.filter(({ entry: { pv } }) => !has(before, pv) || has(after, pv));
};
