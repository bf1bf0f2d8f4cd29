import { expect, it } from 'vitest';
import { tryAll } from './fault-matrix.js';

const LAB = 'name: demo\nprovider: simulator\n';

/** Twice the time that a busy host of two cores takes. */
const LIMIT_MS = 360_000;

it(
  'comes back from every fault at every step: three machines that do everything',
  async () => {
    const { problems, summary, tried } = await tryAll(LAB);
    console.log(summary);
    expect(problems).toEqual([]);
    expect(tried).toBeGreaterThan(400);
  },
  LIMIT_MS,
);
