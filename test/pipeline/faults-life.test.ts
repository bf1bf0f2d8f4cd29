import { describe, expect, it } from 'vitest';
import { sh } from '../../src/exec/command.js';
import { SimLab } from '../helpers/sim-lab.js';
import type { Scene } from './cases.js';
import { Data } from './data.js';
import { CPU_MS, LIMIT_MS, SHOWN, tryAll, words } from './fault-matrix.js';

const LAB = `
name: demo
provider: simulator
storage:
  classes:
    - { name: local-path, default: true }
    - { name: own-volume, mode: dedicated }
`;

/** Creates and mounts a volume as the keeper does for a claim of a dedicated class. */
const CLAIM = `
set -e
gluster --mode=script --xml volume create claim replica 3 demo-node1:/data/brick/claim demo-node2:/data/brick/claim demo-node3:/data/brick/claim force
gluster --mode=script --xml volume start claim
sleep 5
mkdir -p /mnt/claim
mount -t glusterfs localhost:/claim /mnt/claim`;

const made = async (): Promise<SimLab> => {
  const lab = new SimLab(LAB);
  expect(words((await lab.up()).error)).toBe('undefined');
  expect(await lab.exec('node1', sh(CLAIM))).toMatchObject({ exitCode: 0 });
  new Data(lab).write();
  return lab;
};

interface Life extends Omit<Scene, 'text'> {
  before?(lab: SimLab): Promise<unknown>;
  /** A scene with fewer cases has lost some. */
  readonly atLeast: number;
}

const SCENES: Readonly<Record<string, Life>> = {
  'up after the record was lost': {
    before: (lab) => Promise.resolve(lab.ledger.texts.clear()),
    job: (lab, options) => lab.up(options),
    atLeast: 250,
  },
  stop: { job: (lab, options) => lab.stop(options), replays: true, atLeast: 40 },
  start: {
    before: (lab) => lab.stop(),
    job: (lab, options) => lab.start(options),
    replays: true,
    atLeast: 300,
  },
  down: { job: (lab, options) => lab.down(options), replays: true, removes: true, atLeast: 30 },
};

let spentMs = 0;

describe('a lab recovers from every fault at every step of', () => {
  it.each(Object.entries(SCENES))(
    '%s',
    async (_title, { before, atLeast, ...scene }) => {
      const lab = await made();
      await before?.(lab);
      const { problems, summary, tried, cpuMs } = await tryAll({ ...scene, text: LAB, from: lab.snapshot() });
      console.log(summary, `${Math.round(cpuMs)} ms of processor`);
      expect(problems.slice(0, SHOWN)).toEqual([]);
      expect(tried).toBeGreaterThan(atLeast);
      spentMs += cpuMs;
      expect(spentMs).toBeLessThan(CPU_MS);
    },
    LIMIT_MS,
  );
});
