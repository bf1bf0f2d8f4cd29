import { formatMiB } from '../config/units.js';
import { OFFERED_IDS, PROVIDERS, type ProviderId } from '../providers/registry.js';
import { STORAGE_MACHINES, type Answers } from './answers.js';

const named = (id: ProviderId): string => {
  const { machineType, requires } = PROVIDERS[id];
  return `${id} (${requires === undefined ? machineType : `${machineType}; ${requires}`})`;
};

const numbered = (count: number, of: (index: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => of(index + 1));

const nodeLines = ({ nodes, storage }: Answers): readonly string[] => {
  if (storage === 'shared') {
    return [
      '# Nodes: the first is the k3s server, the others are agents; all carry a brick. A list instead of the number',
      '# gives each its name, roles (server, agent, storage), cpus, memory and disk.',
      `nodes: ${nodes}`,
    ];
  }
  return [
    '# Bricks on machines of their own: nodes without the role storage mount the volume over the network.',
    'nodes:',
    '  - {name: node1, roles: [server]}',
    ...numbered(nodes - 1, (index) => `  - {name: node${index + 1}, roles: [agent]}`),
    ...numbered(STORAGE_MACHINES, (index) => `  - {name: storage${index}, roles: [storage]}`),
  ];
};

const volumeLines = ({ type, nodes, storage }: Answers): readonly string[] =>
  nodes < 3 && storage === 'shared'
    ? ['# One node, one brick: nothing is replicated.']
    : [
        '# replica: that many full copies. arbiter: two copies and a third brick with names only, against split brain.',
        'gluster:',
        `  type: ${type}`,
      ];

/** A commented lab file that says what was answered and leaves the rest to the defaults. */
export const labFile = (answers: Answers): string =>
  [
    '# A kglab lab. `kglab up` makes it, `kglab plan` shows how, `kglab down` takes it away.',
    '# Everything not said here has a default; templates/lab.schema.json lists all there is.',
    `name: ${answers.name}`,
    '',
    `# ${OFFERED_IDS.map(named).join(', ')} or auto.`,
    `provider: ${answers.provider}`,
    '',
    ...nodeLines(answers),
    '',
    '# Of each machine.',
    'machine:',
    `  memory: ${formatMiB(answers.memoryMiB)}`,
    '',
    ...volumeLines(answers),
    '',
    'storage:',
    '  # What becomes of the data of a deleted claim: Delete or Retain.',
    `  reclaim: ${answers.reclaim}`,
    ...(answers.internet === 'off'
      ? ['', '# The machines reach nothing outside of the lab.', 'network:', '  internet: off']
      : []),
    '',
  ].join('\n');
