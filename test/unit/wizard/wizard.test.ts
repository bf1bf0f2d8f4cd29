import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { storageNodes } from '../../../src/config/roles.js';
import { planUp } from '../../../src/recipe/up.js';
import { labFile } from '../../../src/wizard/lab-file.js';
import { fits, memoryFor, propose, type HostFacts } from '../../../src/wizard/propose.js';
import { runWizard, type Question } from '../../../src/wizard/questions.js';

/** A user by position; the list is as long as the tests below take it to be. */
const user = (index: number) => {
  const found = USERS[index];
  if (found === undefined) throw new Error(`no user ${index}`);
  return found;
};

const both = (multipass: boolean, nspawn: boolean): HostFacts['providers'] => [
  { id: 'multipass', usable: multipass, because: multipass ? 'it is installed' : 'it is not installed' },
  { id: 'nspawn', usable: nspawn, because: nspawn ? 'this host has all it takes' : 'it takes Linux' },
];

const USERS: readonly {
  readonly who: string;
  readonly host: HostFacts;
  readonly answers: Readonly<Record<string, string>>;
}[] = [
  {
    who: 'A laptop with 8 GB and multipass, everything left as proposed',
    host: { providers: both(true, false), memoryMiB: 8192, cpus: 4, freeDiskGiB: 60 },
    answers: {},
  },
  {
    who: 'A workstation: storage on machines of its own, an arbiter, data kept',
    host: { providers: both(false, true), memoryMiB: 65_536, cpus: 16, freeDiskGiB: 500 },
    answers: { name: 'bench', storage: 'own', type: 'arbiter', reclaim: 'Retain' },
  },
  {
    who: 'A CI runner with 7 GB, off the internet',
    host: { providers: both(false, true), memoryMiB: 7168, cpus: 2, freeDiskGiB: 14 },
    answers: { name: 'ci', internet: 'off' },
  },
];

/** Answers like a person: what is given, else Enter. Refuses what the question refuses. Notes what was on the screen. */
const person = (answers: Readonly<Record<string, string>>, screen: string[]) => (question: Question) => {
  const answer = answers[question.key] ?? question.fallback;
  const choices =
    question.choices?.map(({ value, name, why }) => `    ${value === answer ? '❯' : ' '} ${name} (${why})`) ??
    [];
  screen.push(`? ${question.message}${choices.length > 0 ? '' : ` ${answer}`}`, ...choices);
  expect(question.refuse?.(answer)).toBeUndefined();
  if (question.choices) expect(question.choices.map(({ value }) => value)).toContain(answer);
  return Promise.resolve(answer);
};

describe('the wizard', () => {
  it('gives typical users a lab file that is accepted; its transcripts are in the docs', async () => {
    const chapters: string[] = [];
    for (const { who, host, answers } of USERS) {
      const screen: string[] = [];
      const text = labFile(await runWizard(host, person(answers, screen)));
      const config = parseConfig(text, 'lab.yaml');
      expect(planUp(config).steps.length).toBeGreaterThan(10);
      const needed = config.nodes.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
      expect(needed).toBeLessThan(host.memoryMiB);
      chapters.push(
        `## ${who}\n\n\`\`\`text\n$ kglab init\n${screen.join('\n')}\n\`\`\`\n\nIt writes:\n\n\`\`\`yaml\n${text}\`\`\`\n`,
      );
    }
    const intro =
      '# What the wizard asks\n\nMade by the tests: `kglab init` for three typical users, and the lab files that it writes.\n';
    await expect([intro, ...chapters].join('\n')).toMatchFileSnapshot('../../../docs/wizard.md');
  });

  it('asks nothing that makes no sense for the answers before', async () => {
    const host = user(0).host;
    const asked: string[] = [];
    const note = (question: Question) => {
      asked.push(question.key);
      return Promise.resolve(question.key === 'nodes' ? '1' : question.fallback);
    };
    const answers = await runWizard(host, note);
    expect(asked).not.toContain('type');
    expect(asked).not.toContain('internet');
    expect(storageNodes(parseConfig(labFile(answers), 'lab.yaml'))).toHaveLength(1);
  });

  it.each([
    ['multipass', true, false],
    ['auto', true, false],
    ['auto', false, true],
    ['nspawn', true, true],
  ])('asks about the internet of %s, with multipass there: %s: %s', async (provider, multipass, asks) => {
    const asked: string[] = [];
    await runWizard({ ...user(0).host, providers: both(multipass, true) }, (question) => {
      asked.push(question.key);
      return Promise.resolve(question.key === 'provider' ? provider : question.fallback);
    });
    expect(asked.includes('internet')).toBe(asks);
  });

  it('refuses answers that cannot work, with the reason', async () => {
    const host = { ...user(0).host, memoryMiB: 6144 };
    const refusals: Record<string, string | undefined> = {};
    await runWizard(host, (question) => {
      const bad: Record<string, string> = { name: 'My Lab', nodes: '2', memoryMiB: '4096' };
      refusals[question.key] = question.refuse?.(bad[question.key] ?? '');
      return Promise.resolve(question.fallback);
    });
    expect(refusals['name']).toContain('lower case');
    expect(refusals['nodes']).toContain('two nodes');
    expect(refusals['memoryMiB']).toContain('more than this host has');
  });
});

describe('what is proposed', () => {
  it.each([
    { memoryMiB: 4096, nodes: 1, each: 1024 },
    { memoryMiB: 8192, nodes: 3, each: 1536 },
    { memoryMiB: 16_384, nodes: 3, each: 3072 },
    { memoryMiB: 65_536, nodes: 3, each: 4096 },
  ])('for $memoryMiB MiB: $nodes nodes of $each MiB', ({ memoryMiB, nodes, each }) => {
    const answers = propose({ providers: both(true, true), memoryMiB, cpus: 4, freeDiskGiB: 100 });
    expect([answers.nodes, answers.memoryMiB]).toEqual([nodes, each]);
  });

  it('counts disk too, and never gives a node less than it needs', () => {
    expect(fits({ ...user(1).host, freeDiskGiB: 5 }, 3)).toBe(false);
    expect(memoryFor({ memoryMiB: 2048 }, 3)).toBe(1024);
  });

  it('takes the first provider that is usable, and none that is not', () => {
    expect(propose({ ...user(0).host, providers: both(false, true) }).provider).toBe('nspawn');
    expect(propose({ ...user(0).host, providers: both(false, false) }).provider).toBe('auto');
  });
});
