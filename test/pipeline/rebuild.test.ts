import { describe, expect, it } from 'vitest';
import type { RebuildOptions } from '../../src/app/rebuild.js';
import { content } from './cases.js';
import { Data } from './data.js';
import { SimLab, type Snapshot } from '../helpers/sim-lab.js';
import { changes, words } from './fault-matrix.js';

const LAB = 'name: demo\nprovider: simulator\n';
const LIMIT_MS = 180_000;

const madeLab = async (): Promise<SimLab> => {
  const lab = new SimLab(LAB);
  expect(words((await lab.up()).error)).toBe('undefined');
  new Data(lab).write();
  return lab;
};

/** What is wrong with a lab after two runs of `up`, if anything. */
const repair = async (lab: SimLab): Promise<string | undefined> => {
  const data = new Data(lab);
  const again = await lab.up({ fault: (act) => void data.watch(act) });
  if (again.error !== undefined) return `up fails: ${words(again.error)}`;
  const third = await lab.up();
  if (third.changed > 0) return `a further up changes ${changes(third)}`;
  return data.problem;
};

const KINDS: Readonly<Record<string, Partial<RebuildOptions>>> = {
  'the server node': { node: 'node1' },
  'an agent node': { node: 'node2' },
  'Kubernetes alone': { k3sOnly: true },
  'all machines, data kept': { keepData: true },
  'a node, data kept': { node: 'node3', keepData: true },
};

describe.each(Object.entries(KINDS))('rebuild of %s', (_title, what) => {
  it(
    'keeps the data, and up completes the lab wherever kglab is killed',
    async () => {
      const lab = await madeLab();
      const moments = new Map<string, Snapshot>();
      const note = (): void => {
        const moment = lab.snapshot();
        if (!moments.has(content(moment))) moments.set(content(moment), moment);
      };
      expect(words((await lab.rebuild(what, { witness: note })).error)).toBe('undefined');
      expect(await repair(lab)).toBeUndefined();
      const problems: string[] = [];
      for (const [index, moment] of [...moments.values()].entries()) {
        const problem = await repair(new SimLab(LAB).restore(moment));
        if (problem !== undefined) problems.push(`killed at moment ${index}: ${problem}`);
      }
      expect(problems).toEqual([]);
      expect(moments.size).toBeGreaterThan(20);
      console.log(`${moments.size} moments to be killed at`);
    },
    LIMIT_MS,
  );
});

describe('stop', () => {
  it('shuts a lab down, and start brings it back unchanged', async () => {
    const lab = await madeLab();
    await lab.stop();
    const machines = Object.values(lab.world?.machines ?? {});
    expect(machines.map(({ running }) => running)).toEqual([undefined, undefined, undefined]);
    expect(await repair(lab)).toBeUndefined();
  });
});
