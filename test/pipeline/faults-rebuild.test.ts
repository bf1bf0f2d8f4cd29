import { expect, it } from 'vitest';
import type { RunOptions, SimLab } from '../helpers/sim-lab.js';
import { Data } from './data.js';
import { CPU_MS, LIMIT_MS, SHOWN, tryAll, words } from './fault-matrix.js';
import { labOf, type Scene } from './cases.js';

const LAB = 'name: demo\nprovider: simulator\n';

const rebuild =
  (what: Parameters<SimLab['rebuild']>[0]): Scene['job'] =>
  (lab, options: RunOptions) =>
    lab.rebuild(what, options);

const SCENES: Readonly<
  Record<string, Pick<Scene, 'job' | 'replays'> & { before?(lab: SimLab): Promise<void> }>
> = {
  'a machine that was deleted': {
    job: (lab, options) => lab.up(options),
    before: (lab) => lab.lose('node2'),
  },
  'a rebuilt agent node': { job: rebuild({ node: 'node2' }), replays: true },
  'the rebuilt server node': { job: rebuild({ node: 'node1' }), replays: true },
  'a rebuilt cluster': { job: rebuild({ k3sOnly: true }), replays: true },
};

it.each(Object.entries(SCENES))(
  'recovers from every fault at every step: %s',
  async (_title, { before, ...scene }) => {
    const lab = labOf({ text: LAB, ...scene });
    expect(words((await lab.up()).error)).toBe('undefined');
    new Data(lab).write();
    await before?.(lab);
    const { problems, summary, tried, cpuMs } = await tryAll({ ...scene, text: LAB, from: lab.snapshot() });
    console.log(summary, `${Math.round(cpuMs)} ms of processor`);
    expect(problems.slice(0, SHOWN)).toEqual([]);
    expect(tried).toBeGreaterThan(300);
    expect(cpuMs).toBeLessThan(CPU_MS);
  },
  LIMIT_MS,
);
