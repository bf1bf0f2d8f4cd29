import { isDeepStrictEqual } from 'node:util';
import { addKey, appendItem, removeItem, replaceItem, setText } from './edit-yaml.js';
import {
  kubeconfigInvalid,
  LISTS,
  readKubeconfig,
  type Kubeconfig,
  type ListName,
} from './read-kubeconfig.js';

type Data = NonNullable<Kubeconfig['data']>;
type Entry = NonNullable<NonNullable<Data[ListName]>[number]>;

const CURRENT = 'current-context';

const listOf = ({ data }: Kubeconfig, list: ListName): readonly (Entry | null | undefined)[] =>
  data?.[list] ?? [];

/** Places of the entries of a list that are called `name`. */
const placesOf = (config: Kubeconfig, list: ListName, name: string): readonly number[] =>
  listOf(config, list).flatMap((entry, index) => (entry?.name === name ? [index] : []));

/** One change of a file: the text it gives, and the content which that text must then have. */
interface Edit {
  readonly text: string | undefined;
  readonly gives: Data;
}

/**
 * Makes a change and reads the result again: it must hold exactly what it held, but for the change. Throws
 * KUBECONFIG_INVALID when it does not, e.g. where a value is shared by an alias.
 */
const apply = ({ text, gives }: Edit, source: string): Kubeconfig => {
  const refuse = (why: string): Error =>
    kubeconfigInvalid(
      `kglab cannot edit ${source} without changing other entries, so it did not change ${source}.`,
      [why],
    );
  if (text === undefined) throw refuse(`${source} is written in a way that kglab cannot edit`);
  let after: Kubeconfig;
  try {
    after = readKubeconfig(text, source);
  } catch {
    throw refuse(`${source} would be unreadable after the change`);
  }
  if (!isDeepStrictEqual(after.data, gives)) throw refuse(`${source}: the change would alter other values`);
  return after;
};

const withoutOne = (config: Kubeconfig, list: ListName, index: number): Edit => ({
  text: removeItem(config, list, index),
  gives: { ...config.data, [list]: listOf(config, list).filter((_entry, other) => other !== index) },
});

const without = (config: Kubeconfig, list: ListName, name: string, source: string): Kubeconfig => {
  const index = placesOf(config, list, name).at(-1);
  return index === undefined
    ? config
    : without(apply(withoutOne(config, list, index), source), list, name, source);
};

const withKey = (config: Kubeconfig, key: string, value: unknown): Edit => ({
  text: addKey(config, key, value),
  gives: { ...config.data, [key]: value },
});

/** Puts an entry in the place of the one of its name, or at the end of its list. */
const withEntry = (config: Kubeconfig, list: ListName, entry: Entry): Edit => {
  const entries = listOf(config, list);
  const [index] = placesOf(config, list, entry.name ?? '');
  if (index === undefined && config.data?.[list] === undefined) return withKey(config, list, [entry]);
  if (index === undefined)
    return { text: appendItem(config, list, entry), gives: { ...config.data, [list]: [...entries, entry] } };
  const changed = entries.map((old, other) => (other === index ? entry : old));
  if (isDeepStrictEqual(changed, entries)) return { text: config.text, gives: config.data ?? {} };
  return { text: replaceItem(config, list, index, entry), gives: { ...config.data, [list]: changed } };
};

const withCurrent = (config: Kubeconfig, name: string): Edit =>
  config.data?.[CURRENT] === undefined
    ? withKey(config, CURRENT, name)
    : { text: setText(config, CURRENT, name), gives: { ...config.data, [CURRENT]: name } };

/** The current context of a kubeconfig; '' when it has none. */
export const currentContext = ({ data }: Kubeconfig): string => data?.[CURRENT] ?? '';

/** Whether a kubeconfig has a cluster, user or context called `name`, or that as its current context. */
export const hasContext = (config: Kubeconfig, name: string): boolean =>
  currentContext(config) === name || LISTS.some((list) => placesOf(config, list, name).length > 0);

/**
 * The text of `own` with the clusters, users and contexts of `added` in it, in the place of those of the same name;
 * every other byte stays. `added` becomes the current context when there is none and `isCurrent` allows it. The text
 * holds keys. Throws KUBECONFIG_INVALID; `source` is what messages call the file.
 */
export const mergeContexts = (
  own: Kubeconfig,
  added: Kubeconfig,
  source: string,
  isCurrent = true,
): string => {
  let config = own;
  const change = (edit: Edit): void => void (config = apply(edit, source));
  if (own.data === null)
    for (const [key, value] of Object.entries({ apiVersion: 'v1', kind: 'Config' }))
      change(withKey(config, key, value));
  for (const list of LISTS)
    for (const entry of listOf(added, list)) {
      if (!entry) continue;
      // kubectl refuses a file with several entries of one name.
      for (const index of placesOf(config, list, entry.name ?? '')
        .slice(1)
        .reverse())
        change(withoutOne(config, list, index));
      change(withEntry(config, list, entry));
    }
  const name = currentContext(added);
  if (isCurrent && name !== '' && currentContext(config) === '') change(withCurrent(config, name));
  return config.text;
};

/**
 * The text of a kubeconfig without the cluster, user and context called `name`; every other byte stays. Throws
 * KUBECONFIG_INVALID; `source` is what messages call the file.
 */
export const withoutContext = (own: Kubeconfig, name: string, source: string): string => {
  const config = LISTS.reduce((found, list) => without(found, list, name, source), own);
  return currentContext(config) === name ? apply(withCurrent(config, ''), source).text : config.text;
};
