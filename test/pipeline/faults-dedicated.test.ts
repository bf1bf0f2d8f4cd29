import { expect, it } from 'vitest';
import { making } from './cases.js';
import { CPU_MS, LIMIT_MS, SHOWN, tryAll } from './fault-matrix.js';

const LAB = `
name: demo
provider: simulator
nodes:
  - { name: store1, roles: [storage] }
  - { name: store2, roles: [storage] }
  - { name: judge, roles: [storage] }
  - { name: server, roles: [server] }
  - { name: worker, roles: [agent] }
gluster: { type: arbiter }
`;

it(
  'recovers from every fault at every step: an arbiter volume on dedicated storage machines',
  async () => {
    const { problems, summary, tried, cpuMs } = await tryAll(making(LAB));
    console.log(summary, `${Math.round(cpuMs)} ms of processor`);
    expect(problems.slice(0, SHOWN)).toEqual([]);
    expect(tried).toBeGreaterThan(400);
    expect(cpuMs).toBeLessThan(CPU_MS);
  },
  LIMIT_MS,
);
