import type { ClassConfig, VolumeConfig } from './config.js';
import { knownWords } from './nearest.js';
import { say, type Problem } from './problem.js';

const CLASSES = ['storage', 'classes'] as const;

const checkNames = (classes: readonly ClassConfig[]): Problem[] =>
  classes.flatMap(({ name }, index) =>
    classes.findIndex((other) => other.name === name) < index
      ? [{ path: [...CLASSES, index, 'name'], message: `there is a class ${name} already` }]
      : [],
  );

const checkTargets = (classes: readonly ClassConfig[], volumes: readonly VolumeConfig[]): Problem[] => {
  const known = [...new Set(volumes.map(({ name }) => name))];
  return classes.flatMap(({ volume }, index) =>
    known.includes(volume)
      ? []
      : [
          {
            path: [...CLASSES, index, 'volume'],
            message: say(`there is no volume ${volume}`, knownWords(volume, known)),
            reads: ['gluster.volume', 'gluster.volumes.*.name', 'storage.classes.*.volume'],
          },
        ],
  );
};

const checkDefaults = (classes: readonly ClassConfig[]): Problem[] => {
  const defaults = classes.flatMap((item, index) => (item.default ? [index] : []));
  const reads = ['storage.classes.*.default'];
  if (defaults.length === 0) {
    return [
      { path: CLASSES, message: 'no class is the default one (give one of them default: true)', reads },
    ];
  }
  return defaults.slice(1).map((index) => ({
    path: [...CLASSES, index, 'default'],
    message: `class ${classes[defaults[0] ?? 0]?.name} is the default one already (keep one default: true)`,
    reads,
  }));
};

/** Upstream, a shared volume of type local is refused by the API after its directory was made, again and again. */
const checkKinds = (classes: readonly ClassConfig[]): Problem[] =>
  classes.flatMap(({ name, mode, volumeType }, index) =>
    volumeType === 'local' && mode !== 'pinned'
      ? [
          {
            path: [...CLASSES, index, 'volumeType'],
            message: `class ${name} is ${mode}, and a local volume belongs to one node (drop volumeType, or say mode: pinned)`,
          },
        ]
      : [],
  );

const checkBinding = (classes: readonly ClassConfig[]): Problem[] =>
  classes.flatMap(({ name, mode, binding }, index) =>
    mode === 'pinned' && binding === 'Immediate'
      ? [
          {
            path: [...CLASSES, index, 'binding'],
            message: `class ${name} is pinned to the node of the first pod, which Immediate does not wait for (drop binding)`,
          },
        ]
      : [],
  );

/** What is wrong with StorageClasses among themselves and with the volumes they serve from. */
export const checkClasses = (
  classes: readonly ClassConfig[],
  volumes: readonly VolumeConfig[],
): Problem[] => [
  ...checkNames(classes),
  ...checkTargets(classes, volumes),
  ...checkKinds(classes),
  ...checkBinding(classes),
  ...checkDefaults(classes),
];
