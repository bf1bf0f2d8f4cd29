import { expect, it } from 'vitest';
import { making } from './cases.js';
import { CPU_MS, LIMIT_MS, SHOWN, tryAll } from './fault-matrix.js';

const LAB = 'name: demo\nprovider: simulator\n';

it(
  'recovers from every fault at every step: three machines with all roles',
  async () => {
    const { problems, summary, tried, cpuMs } = await tryAll(making(LAB));
    console.log(summary, `${Math.round(cpuMs)} ms of processor`);
    expect(problems.slice(0, SHOWN)).toEqual([]);
    expect(tried).toBeGreaterThan(400);
    expect(cpuMs).toBeLessThan(CPU_MS);
  },
  LIMIT_MS,
);
