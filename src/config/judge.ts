import type { LabConfig } from './config.js';
import { judgeClasses } from './judge-classes.js';
import { judgeNetwork } from './judge-network.js';
import { judgeNodes } from './judge-nodes.js';
import { judgePaths } from './judge-paths.js';
import { judgeVolumes } from './judge-volumes.js';
import { dotted, valueAt, type Problem } from './problem.js';
import type { RawLab } from './schema.js';

/** Keys that describe the only item, and the list that takes their place. */
const SHORTHANDS = [
  {
    list: ['gluster', 'volumes'],
    keys: ['volume', 'type', 'replica', 'disperse', 'redundancy', 'profile', 'quota', 'options'],
  },
  { list: ['storage', 'classes'], keys: ['class', 'reclaim'] },
] as const;

const judgeShorthands = (data: Readonly<Record<string, unknown>>): Problem[] =>
  SHORTHANDS.filter(({ list }) => (valueAt(data, list) as readonly unknown[] | undefined)?.length).flatMap(
    ({ list, keys }) =>
      keys
        .map((key) => [list[0], key])
        .filter((path) => valueAt(data, path) !== undefined)
        .map((path) => ({
          path,
          atKey: true,
          message: `${dotted(path)} cannot stand beside ${dotted(list)} (move it into the list)`,
        })),
  );

const judgeNamespaces = ({ smoke, storage }: RawLab): Problem[] =>
  smoke.namespace === storage.provisioner.namespace
    ? [
        {
          path: ['smoke', 'namespace'],
          message: `namespace ${smoke.namespace} is the provisioner's, and would be removed after the test (choose another)`,
        },
      ]
    : [];

/** All that spans several fields. `data` is the file as written, which tells what was left out. */
export const judge = (data: Readonly<Record<string, unknown>>, raw: RawLab, lab: LabConfig): Problem[] => [
  ...judgeShorthands(data),
  ...judgeNodes(raw, lab.nodes),
  ...judgeVolumes(raw, lab.nodes),
  ...judgePaths(data, raw, lab.volumes),
  ...judgeClasses(lab.classes, lab.volumes),
  ...judgeNetwork(raw),
  ...judgeNamespaces(raw),
];
