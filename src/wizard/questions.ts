import type { Answers } from './answers.js';
import { machinesOf } from './answers.js';
import type { HostFacts } from './host-facts.js';
import { VOLUME_TYPE_NAMES, VOLUME_TYPES } from '../config/volume-types.js';
import { OFFERED_IDS, PROVIDERS } from '../providers/registry.js';
import { fits, memoryFor } from './propose.js';

interface Choice {
  readonly value: string;
  readonly name: string;
  /** One line: when to choose it. */
  readonly why: string;
}

/** A question as data: what is asked, why, what fits this host, and what cannot be. */
export interface Question {
  readonly key: keyof Answers;
  readonly message: string;
  readonly kind: 'text' | 'count' | 'choice';
  readonly fallback: string;
  readonly choices?: readonly Choice[];
  /** What is wrong with an answer; undefined when nothing is. */
  readonly refuse?: (answer: string) => string | undefined;
}

const NAME = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;

const name = (so: Answers): Question => ({
  key: 'name',
  kind: 'text',
  message: 'Name of the lab (its machines are called <name>-node1, …):',
  fallback: so.name,
  refuse: (answer) =>
    NAME.test(answer) ? undefined : 'lower case letters, digits and -, at most 20, starting with a letter',
});

const provider = (so: Answers, { providers }: HostFacts): Question => ({
  key: 'provider',
  kind: 'choice',
  message: 'What are the machines?',
  fallback: so.provider,
  choices: [
    ...providers.map(({ id, usable, because }) => ({
      value: id,
      name: `${id}: ${PROVIDERS[id].machineType}`,
      why: `${usable ? 'usable here' : 'not usable here yet'}: ${because}`,
    })),
    {
      value: 'auto',
      name: 'auto: decided at each first `up`',
      why: `the first that fits the host: ${OFFERED_IDS.join(', ')}; for a lab file used on several hosts`,
    },
  ],
});

const nodes = (so: Answers, host: HostFacts): Question => ({
  key: 'nodes',
  kind: 'count',
  message:
    'How many Kubernetes nodes? (3 survive the loss of one; 1 saves memory, with one copy of the data)',
  fallback: String(so.nodes),
  refuse: (answer) => {
    const count = Number(answer);
    if (!Number.isInteger(count) || count < 1 || count > 20) return 'a whole number from 1 to 20';
    if (count === 2) return 'two nodes cannot keep two safe copies: take 1 or 3';
    return fits(host, count)
      ? undefined
      : `${count} machines do not fit into ${(host.memoryMiB / 1024).toFixed(0)} GiB of memory and ${host.freeDiskGiB} GiB of free disk`;
  },
});

const storage = (so: Answers): Question => ({
  key: 'storage',
  kind: 'choice',
  message: 'Where are the bricks (the copies of the data)?',
  fallback: so.storage,
  choices: [
    {
      value: 'shared',
      name: 'on the Kubernetes nodes',
      why: 'fewest machines; losing a node loses a copy and its pods together',
    },
    {
      value: 'own',
      name: 'on three machines of their own',
      why: 'as in a data centre: break storage and compute apart from each other',
    },
  ],
});

const type = (so: Answers): Question => ({
  key: 'type',
  kind: 'choice',
  message: 'How is the data kept?',
  fallback: so.type,
  choices: VOLUME_TYPE_NAMES.flatMap((value) => {
    const { offer } = VOLUME_TYPES[value];
    return offer === undefined ? [] : [{ value, ...offer }];
  }),
});

const memory = (so: Answers, host: HostFacts): Question => ({
  key: 'memoryMiB',
  kind: 'count',
  message: `Memory of each of the ${machinesOf(so)} machines, in MiB?`,
  fallback: String(memoryFor(host, machinesOf(so))),
  refuse: (answer) => {
    const mib = Number(answer);
    if (!Number.isInteger(mib) || mib < 512) return 'a whole number from 512 on';
    return mib * machinesOf(so) < host.memoryMiB
      ? undefined
      : `${machinesOf(so)} times that is more than this host has`;
  },
});

const reclaim = (so: Answers): Question => ({
  key: 'reclaim',
  kind: 'choice',
  message: 'What becomes of the data of a deleted claim?',
  fallback: so.reclaim,
  choices: [
    { value: 'Delete', name: 'deleted', why: 'as Kubernetes usually does' },
    { value: 'Retain', name: 'kept', why: 'until you delete the volume yourself' },
  ],
});

const internet = (so: Answers): Question => ({
  key: 'internet',
  kind: 'choice',
  message: 'May the machines reach the internet through this host?',
  fallback: so.internet,
  choices: [
    { value: 'auto', name: 'if the host does', why: 'images can be pulled' },
    { value: 'off', name: 'no', why: 'only what is in the cache is used (kglab cache add)' },
  ],
});

/** Whether the network is not the lab's to choose; `auto` becomes the first provider that is usable. */
const sharesNetwork = ({ provider: chosen }: Answers, { providers }: HostFacts): boolean => {
  const id = chosen === 'auto' ? providers.find(({ usable }) => usable)?.id : chosen;
  return id !== undefined && PROVIDERS[id].sharedNetwork;
};

/** The questions in their order; each may depend on the answers before it. One that makes no sense is not asked. */
export const questions = (host: HostFacts): readonly ((so: Answers) => Question | undefined)[] => [
  name,
  (so) => provider(so, host),
  (so) => nodes(so, host),
  storage,
  (so) => (machinesOf(so) >= 3 ? type(so) : undefined),
  (so) => memory(so, host),
  reclaim,
  (so) => (sharesNetwork(so, host) ? undefined : internet(so)),
];

/** Puts an answer in its place. */
export const answered = (so: Answers, { key, kind }: Question, answer: string): Answers => ({
  ...so,
  [key]: kind === 'count' ? Number(answer) : answer,
});
