import { formatMiB } from '../config/units.js';
import { OFFERED_IDS, PROVIDERS, type ProviderId } from '../providers/registry.js';
import { STORAGE_MACHINES, type Answers } from './propose.js';

const named = (id: ProviderId): string => {
  const { machineType, requires } = PROVIDERS[id];
  return `${id} (${requires === undefined ? machineType : `${machineType}; ${requires}`})`;
};

const numbered = (count: number, of: (index: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => of(index + 1));

const nodeLines = ({ nodes, storage }: Answers): readonly string[] => {
  if (storage === 'shared') {
    return [
      '# Number of nodes: the first is the k3s server, the others are agents, and all hold a brick. Use a list to set the',
      '# name, roles (server, agent, storage), cpus, memory and disk of each node.',
      `nodes: ${nodes}`,
    ];
  }
  return [
    '# Separate storage machines: the Kubernetes nodes hold no bricks and mount the volume over the network.',
    'nodes:',
    '  - {name: node1, roles: [server]}',
    ...numbered(nodes - 1, (index) => `  - {name: node${index + 1}, roles: [agent]}`),
    ...numbered(STORAGE_MACHINES, (index) => `  - {name: storage${index}, roles: [storage]}`),
  ];
};

const volumeLines = ({ type, nodes, storage }: Answers): readonly string[] =>
  nodes < 3 && storage === 'shared'
    ? ['# One node has one brick: the data has no second copy.']
    : [
        '# replica: full copies. arbiter: two full copies, and a third brick with names and metadata only.',
        'gluster:',
        `  type: ${type}`,
      ];

/** A commented lab file with the answers; all other fields keep their defaults. */
export const labFile = (answers: Answers): string =>
  [
    '# A lab of kglab: `kglab plan` shows the steps that create it, `kglab up` creates it, `kglab down` removes it.',
    '# All other fields have defaults; templates/lab.schema.json lists all fields.',
    `name: ${answers.name}`,
    '',
    `# ${OFFERED_IDS.map(named).join(', ')} or auto.`,
    `provider: ${answers.provider}`,
    '',
    ...nodeLines(answers),
    '',
    '# Size of each machine.',
    'machine:',
    `  memory: ${formatMiB(answers.memoryMiB)}`,
    '',
    ...volumeLines(answers),
    '',
    'storage:',
    '  # When a claim is deleted, its data is deleted (Delete) or kept (Retain).',
    `  reclaim: ${answers.reclaim}`,
    ...(answers.internet === 'off'
      ? ['', '# The machines have no internet access.', 'network:', '  internet: off']
      : []),
    '',
  ].join('\n');
