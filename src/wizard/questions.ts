import { VOLUME_TYPE_NAMES, VOLUME_TYPES } from '../config/volume-types.js';
import { OFFERED_IDS, PROVIDERS } from '../providers/registry.js';
import { fits, machinesOf, memoryFor, propose, type Answers, type HostFacts } from './propose.js';

interface Choice {
  readonly value: string;
  readonly name: string;
  /** When to choose it, in one line. */
  readonly why: string;
}

/** A question of the wizard; `fallback` is the default answer for this host. */
export interface Question {
  readonly key: keyof Answers;
  readonly message: string;
  readonly kind: 'text' | 'count' | 'choice';
  readonly fallback: string;
  readonly choices?: readonly Choice[];
  /** Why an answer is not valid; undefined for a valid one. */
  readonly refuse?: (answer: string) => string | undefined;
}

const NAME = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;

const name = (so: Answers): Question => ({
  key: 'name',
  kind: 'text',
  message: 'Name of the lab (its machines are named <name>-node1, …):',
  fallback: so.name,
  refuse: (answer) =>
    NAME.test(answer) ? undefined : 'lower case letters, digits and -, at most 20, starting with a letter',
});

const provider = (so: Answers, { providers }: HostFacts): Question => ({
  key: 'provider',
  kind: 'choice',
  message: 'Which provider?',
  fallback: so.provider,
  choices: [
    ...providers.map(({ id, usable, because }) => ({
      value: id,
      name: `${id}: ${PROVIDERS[id].machineType}`,
      why: usable ? because : `not on this host: ${because}`,
    })),
    {
      value: 'auto',
      name: 'auto: `kglab up` chooses',
      why: `${OFFERED_IDS.join(' if available, otherwise ')}; useful if several hosts share the lab file`,
    },
  ],
});

const nodes = (so: Answers, host: HostFacts): Question => ({
  key: 'nodes',
  kind: 'count',
  message:
    'How many Kubernetes nodes? (with 3 nodes the lab survives the loss of one; 1 node saves memory, but there is only one copy of the data)',
  fallback: String(so.nodes),
  refuse: (answer) => {
    const count = Number(answer);
    if (!Number.isInteger(count) || count < 1 || count > 20) return 'a whole number from 1 to 20';
    if (count === 2) return 'two nodes are prone to split brain: use 1 or 3';
    return fits(host, count)
      ? undefined
      : `${count} machines do not fit into ${(host.memoryMiB / 1024).toFixed(0)} GiB of memory and ${host.freeDiskGiB} GiB of free disk`;
  },
});

const storage = (so: Answers): Question => ({
  key: 'storage',
  kind: 'choice',
  message: 'Which machines hold the bricks (the copies of the data)?',
  fallback: so.storage,
  choices: [
    {
      value: 'shared',
      name: 'the Kubernetes nodes',
      why: 'fewest machines; if a node fails, its pods and one copy of the data are lost together',
    },
    {
      value: 'own',
      name: 'three separate machines',
      why: 'as in a data centre, so you can test failures of storage and compute separately',
    },
  ],
});

const type = (so: Answers): Question => ({
  key: 'type',
  kind: 'choice',
  message: 'How is the data stored?',
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
    if (!Number.isInteger(mib) || mib < 512) return 'a whole number, at least 512';
    return mib * machinesOf(so) < host.memoryMiB
      ? undefined
      : `${machinesOf(so)} machines of that size need more memory than this host has`;
  },
});

const reclaim = (so: Answers): Question => ({
  key: 'reclaim',
  kind: 'choice',
  message: 'When a claim is deleted, its data is:',
  fallback: so.reclaim,
  choices: [
    { value: 'Delete', name: 'moved to the quarantine', why: 'restore it with `kglab volumes undo`' },
    { value: 'Retain', name: 'kept', why: 'until you delete the PV yourself' },
  ],
});

const internet = (so: Answers): Question => ({
  key: 'internet',
  kind: 'choice',
  message: 'May the machines use the internet through this host?',
  fallback: so.internet,
  choices: [
    { value: 'auto', name: 'yes, if the host has internet access', why: 'machines can pull images' },
    { value: 'off', name: 'no', why: 'machines use only the cache; fill it with `kglab cache add`' },
  ],
});

/** Whether the provider has one network for all labs; for `auto`, the first provider that can be used here. */
const sharesNetwork = ({ provider: chosen }: Answers, { providers }: HostFacts): boolean => {
  const id = chosen === 'auto' ? providers.find(({ usable }) => usable)?.id : chosen;
  return id !== undefined && PROVIDERS[id].sharedNetwork;
};

/** The questions in order. Each depends on the earlier answers, and is undefined if it does not apply. */
const questions = (host: HostFacts): readonly ((so: Answers) => Question | undefined)[] => [
  name,
  (so) => provider(so, host),
  (so) => nodes(so, host),
  storage,
  (so) => (machinesOf(so) >= 3 ? type(so) : undefined),
  (so) => memory(so, host),
  reclaim,
  (so) => (sharesNetwork(so, host) ? undefined : internet(so)),
];

/** Adds an answer to the others. */
const answered = (so: Answers, { key, kind }: Question, answer: string): Answers => ({
  ...so,
  [key]: kind === 'count' ? Number(answer) : answer,
});

/** Asks all questions that apply, with the defaults for this host. */
export const runWizard = async (
  host: HostFacts,
  ask: (question: Question) => Promise<string>,
): Promise<Answers> => {
  let so = propose(host);
  for (const make of questions(host)) {
    const question = make(so);
    if (question !== undefined) so = answered(so, question, await ask(question));
  }
  return so;
};
