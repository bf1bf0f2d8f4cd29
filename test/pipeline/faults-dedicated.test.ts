import { expect, it } from 'vitest';
import { tryAll } from './fault-matrix.js';

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

/** Twice the time that a busy host of two cores takes. */
const LIMIT_MS = 360_000;

it(
  'comes back from every fault at every step: an arbiter volume on storage machines of their own',
  async () => {
    const { problems, summary, tried } = await tryAll(LAB);
    console.log(summary);
    expect(problems).toEqual([]);
    expect(tried).toBeGreaterThan(400);
  },
  LIMIT_MS,
);
