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

const fromCatalogue = (directory: Directory, entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ path }) => path.replace(/\/+$/, '') === directory.path);

/** All data of claims on the volumes: what the catalogue knows, else what the names of directories say. */
export const inventory = (surveyed: readonly Surveyed[]): readonly Kept[] =>
  surveyed.flatMap(({ volume, directories, entries }) =>
    directories.flatMap((directory) => {
      const known = fromCatalogue(directory, entries);
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
