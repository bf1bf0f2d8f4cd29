import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { storageNodes } from '../../../src/config/roles.js';
import { planUp } from '../../../src/recipe/up.js';
import { labFile } from '../../../src/wizard/lab-file.js';
import { fits, memoryFor, propose, type HostFacts } from '../../../src/wizard/propose.js';
import { runWizard, type Question } from '../../../src/wizard/questions.js';

/** A user by index. */
const user = (index: number) => {
  const found = USERS[index];
  if (found === undefined) throw new Error(`no user ${index}`);
  return found;
};

const both = (multipass: boolean, nspawn: boolean): HostFacts['providers'] => [
  { id: 'multipass', usable: multipass, because: multipass ? 'it is installed' : 'it is not installed' },
  { id: 'nspawn', usable: nspawn, because: nspawn ? 'this host meets all requirements' : 'needs Linux' },
];

const USERS: readonly {
  readonly who: string;
  readonly host: HostFacts;
  readonly answers: Readonly<Record<string, string>>;
}[] = [
  {
    who: 'A laptop with 8 GB and multipass, all defaults accepted',
    host: { providers: both(true, false), memoryMiB: 8192, cpus: 4, freeDiskGiB: 60 },
    answers: {},
  },
  {
    who: 'A workstation with separate storage machines, an arbiter volume and data kept',
    host: { providers: both(false, true), memoryMiB: 65_536, cpus: 16, freeDiskGiB: 500 },
    answers: { name: 'bench', storage: 'own', type: 'arbiter', reclaim: 'Retain' },
  },
  {
    who: 'A CI runner with 7 GB and no internet access for machines',
    host: { providers: both(false, true), memoryMiB: 7168, cpus: 2, freeDiskGiB: 14 },
    answers: { name: 'ci', internet: 'off' },
  },
];

/** Answers like a person: the given answers, else Enter. Records what was on the screen. */
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
  it('writes valid lab files for typical users, and their transcripts into docs/wizard.md', async () => {
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
      '# The wizard\n\nThe questions of `kglab init` for three typical users, and the lab files that it writes. The tests generate this page.\n';
    await expect([intro, ...chapters].join('\n')).toMatchFileSnapshot('../../../docs/wizard.md');
  });

  it('leaves out questions that the earlier answers make pointless', async () => {
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
  ])(
    'provider %s, multipass can be used: %s: asks about internet access: %s',
    async (provider, multipass, asks) => {
      const asked: string[] = [];
      await runWizard({ ...user(0).host, providers: both(multipass, true) }, (question) => {
        asked.push(question.key);
        return Promise.resolve(question.key === 'provider' ? provider : question.fallback);
      });
      expect(asked.includes('internet')).toBe(asks);
    },
  );

  it('refuses answers that cannot work and gives the reason', async () => {
    const host = { ...user(0).host, memoryMiB: 6144 };
    const refusals: Record<string, string | undefined> = {};
    await runWizard(host, (question) => {
      const bad: Record<string, string> = { name: 'My Lab', nodes: '2', memoryMiB: '4096' };
      refusals[question.key] = question.refuse?.(bad[question.key] ?? '');
      return Promise.resolve(question.fallback);
    });
    expect(refusals['name']).toContain('lower case');
    expect(refusals['nodes']).toContain('two nodes');
    expect(refusals['memoryMiB']).toContain('more memory than this host has');
  });
});

describe('default answers', () => {
  it.each([
    { memoryMiB: 4096, nodes: 1, each: 1024 },
    { memoryMiB: 8192, nodes: 3, each: 1536 },
    { memoryMiB: 16_384, nodes: 3, each: 3072 },
    { memoryMiB: 65_536, nodes: 3, each: 4096 },
  ])('a host with $memoryMiB MiB gets $nodes nodes of $each MiB', ({ memoryMiB, nodes, each }) => {
    const answers = propose({ providers: both(true, true), memoryMiB, cpus: 4, freeDiskGiB: 100 });
    expect([answers.nodes, answers.memoryMiB]).toEqual([nodes, each]);
  });

  it('three nodes do not fit on a small disk, and a node never gets less than 1 GiB of memory', () => {
    expect(fits({ ...user(1).host, freeDiskGiB: 5 }, 3)).toBe(false);
    expect(memoryFor({ memoryMiB: 2048 }, 3)).toBe(1024);
  });

  it('chooses the first provider that can be used, else auto', () => {
    expect(propose({ ...user(0).host, providers: both(false, true) }).provider).toBe('nspawn');
    expect(propose({ ...user(0).host, providers: both(false, false) }).provider).toBe('auto');
  });
});
