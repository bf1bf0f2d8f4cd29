import type { NodeConfig } from './config.js';
import { knownWords } from './nearest.js';
import { nameTaken, say, type Path, type Problem } from './problem.js';
import type { RawLab } from './schema.js';
import { candidatesOf, volumeItems, type VolumeItem } from './resolve-volumes.js';
import { VOLUME_TYPE_NAMES, VOLUME_TYPES, type ShapeKey } from './volume-types.js';

interface Finding {
  readonly path: Path;
  readonly message: string;
}

const nodeFault = (name: string, nodes: readonly NodeConfig[]): string | undefined => {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) {
    return node.roles.includes('storage')
      ? undefined
      : `node ${name} does not have the role storage (add storage to its roles)`;
  }
  const machine = nodes.find((candidate) => candidate.machine === name);
  const advice = machine
    ? `write ${machine.name}`
    : knownWords(
        name,
        nodes.map((known) => known.name),
      );
  return say(`there is no node ${name}`, advice);
};

const checkMembers = (item: VolumeItem, nodes: readonly NodeConfig[]): Finding[] =>
  (item.nodes ?? []).flatMap((name, index, all) => {
    const message =
      all.indexOf(name) < index ? `node ${name} is listed twice (remove one)` : nodeFault(name, nodes);
    return message === undefined ? [] : [{ path: [...item.at('nodes'), index], message }];
  });

const countFault = (item: VolumeItem, count: number, replica: number): string | undefined => {
  if (count < replica) {
    const holders = item.nodes === undefined ? 'storage nodes' : 'nodes';
    return `volume ${item.name} needs at least ${replica} ${holders} for its ${item.type} sets, but has ${count} (add ${holders})`;
  }
  if (item.nodes === undefined || count % replica === 0) return undefined;
  const fewer = count - (count % replica);
  return `${count} nodes cannot be divided into sets of ${replica} (list ${fewer} or ${fewer + replica} nodes)`;
};

/** Where the lab file sets the number of bricks: by nodes, by a key like `replica`, or by the number of nodes. */
const shapePath = (item: VolumeItem): Path => {
  if (item.nodes !== undefined) return item.at('nodes');
  const [size] = VOLUME_TYPES[item.type].keys;
  return size === undefined || item[size] === undefined ? ['nodes'] : item.at(size);
};

const checkSets = (item: VolumeItem, nodes: readonly NodeConfig[]): Finding[] => {
  const count = candidatesOf(item, nodes).length;
  if (count === 0) return [];
  const type = VOLUME_TYPES[item.type];
  const replica = type.setSize(item, count);
  const shape = type.fault(item, replica, nodes.length);
  if (shape !== undefined) {
    const { key, message } = shape;
    return [{ path: item[key] === undefined ? shapePath(item) : item.at(key), message }];
  }
  const message = countFault(item, count, replica);
  return message === undefined ? [] : [{ path: shapePath(item), message }];
};

const SHAPE_KEYS: readonly ShapeKey[] = ['replica', 'disperse', 'redundancy'];

/** Keys of a volume that do not apply to its type. */
const foreignKeys = (item: VolumeItem): Finding[] =>
  SHAPE_KEYS.filter((key) => item[key] !== undefined && !VOLUME_TYPES[item.type].keys.includes(key)).map(
    (key) => {
      const owner = VOLUME_TYPE_NAMES.find((type) => VOLUME_TYPES[type].keys.includes(key));
      const message = `${key} does not apply to a ${item.type} volume (remove it, or set type: ${owner})`;
      return { path: item.at(key), message };
    },
  );

const checkShape = (item: VolumeItem, nodes: readonly NodeConfig[]): Finding[] => {
  const wrong = [...foreignKeys(item), ...checkMembers(item, nodes)];
  return wrong.length > 0 ? wrong : checkSets(item, nodes);
};

const checkNames = (items: readonly VolumeItem[]): Finding[] =>
  items.flatMap(({ name, at }, index) =>
    items.findIndex((other) => other.name === name) < index
      ? [{ path: at('name'), message: nameTaken(name, 'volume') }]
      : [],
  );

/** The fields that the checks of a volume's sets read. */
const readsOf = (item: VolumeItem): readonly string[] => [
  ...['nodes.*.name', 'nodes.*.roles', 'gluster.volumes'].slice(0, item.at('name').length > 2 ? 2 : 3),
  ...(['type', ...SHAPE_KEYS, 'nodes'] as const).map((key) => item.at(key).join('.')),
];

/** Checks the names of volumes, and whether their sets of bricks fit the nodes. */
export const checkVolumes = (raw: RawLab, nodes: readonly NodeConfig[]): Problem[] => {
  const items = volumeItems(raw);
  const shapes = items.flatMap((item) =>
    checkShape(item, nodes).map((found) => ({
      ...found,
      reads: readsOf(item),
    })),
  );
  return [...checkNames(items), ...shapes];
};
