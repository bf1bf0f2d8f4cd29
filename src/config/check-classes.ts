import type { ClassConfig, VolumeConfig } from './config.js';
import { knownWords } from './nearest.js';
import { nameTaken, say, type Problem } from './problem.js';

const CLASSES = ['storage', 'classes'] as const;

const checkNames = (classes: readonly ClassConfig[]): Problem[] =>
  classes.flatMap(({ name }, index) =>
    classes.findIndex((other) => other.name === name) < index
      ? [{ path: [...CLASSES, index, 'name'], message: nameTaken(name, 'class') }]
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
      { path: CLASSES, message: 'no class is the default class (set default: true on one of them)', reads },
    ];
  }
  return defaults.slice(1).map((index) => ({
    path: [...CLASSES, index, 'default'],
    message: `class ${classes[defaults[0] ?? 0]?.name} is already the default class (keep only one default: true)`,
    reads,
  }));
};

/**
 * Without this check, the API refuses the PV of a shared claim of type `local` after the provisioner has created its
 * directory, and every retry leaves another directory.
 */
const checkKinds = (classes: readonly ClassConfig[]): Problem[] =>
  classes.flatMap(({ name, mode, volumeType }, index) =>
    volumeType === 'local' && mode !== 'pinned'
      ? [
          {
            path: [...CLASSES, index, 'volumeType'],
            message: `volumeType: local works only with mode: pinned, and class ${name} is ${mode} (remove volumeType, or set mode: pinned)`,
          },
        ]
      : [],
  );

const checkBinding = (classes: readonly ClassConfig[]): Problem[] =>
  classes.flatMap(({ mode, binding }, index) =>
    mode === 'pinned' && binding === 'Immediate'
      ? [
          {
            path: [...CLASSES, index, 'binding'],
            message:
              'mode: pinned needs binding: WaitForFirstConsumer, because the first pod decides the node (remove binding)',
          },
        ]
      : [],
  );

/** Checks StorageClasses against each other and against the volumes they use. */
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
