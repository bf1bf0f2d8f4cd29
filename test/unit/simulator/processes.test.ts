import { expect, it } from 'vitest';
import { sh } from '../../../src/exec/command.js';
import { simMachine, simulator } from './sim-machine.js';

it('numbers its shells: what two of them write beside each other does not collide', async () => {
  const machine = await simMachine();
  const pid = async (): Promise<string> => (await machine.exec(sh('echo $$; echo $$'))).stdout;
  const [one, other] = [await pid(), await pid()];
  expect(one).toMatch(/^(\d+)\n\1\n$/);
  expect(other).not.toBe(one);
});

it('is not gone while its network is left', async () => {
  const provider = simulator();
  expect(await provider.abilities.traces()).toEqual([]);
  await provider.foundation.prepare();
  expect(await provider.abilities.traces()).toHaveLength(1);
});
