import { expect, it } from 'vitest';
import { making } from './cases.js';
import { CPU_MS, LIMIT_MS, SHOWN, tryAll } from './fault-matrix.js';

const VOLUMES = `
name: demo
provider: simulator
gluster:
  volumes:
    - { name: ssd, profile: database }
    - { name: hdd, type: arbiter, quota: true }
storage:
  classes:
    - { name: local-path, volume: ssd, default: true }
    - { name: archive, volume: hdd, reclaim: Retain }
    - { name: own-volume, volume: ssd, mode: dedicated }
`;
const DISPERSE = 'name: demo\nprovider: simulator\ngluster: { type: disperse }\n';

it.each([
  ['several volumes, quota and a dedicated class', VOLUMES],
  ['a disperse volume', DISPERSE],
])(
  'recovers from every fault at every step: %s',
  async (_title, text) => {
    const { problems, summary, tried, cpuMs } = await tryAll(making(text));
    console.log(summary, `${Math.round(cpuMs)} ms of processor`);
    expect(problems.slice(0, SHOWN)).toEqual([]);
    expect(tried).toBeGreaterThan(400);
    expect(cpuMs).toBeLessThan(CPU_MS);
  },
  LIMIT_MS,
);
