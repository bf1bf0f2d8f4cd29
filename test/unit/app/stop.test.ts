import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start } from '../../../src/app/start.js';
import { stop } from '../../../src/app/stop.js';
import type { MachineProvider } from '../../../src/providers/provider.js';
import { labOf } from '../../helpers/step-context.js';
import { TestWorld } from '../../helpers/test-world.js';

const LAB = `
name: demo
nodes:
  - {name: a, roles: [server]}
  - {name: b, roles: [agent, storage]}
  - {name: c, roles: [agent]}
  - {name: d, roles: [storage]}
  - {name: e, roles: [storage]}
`;

let test: TestWorld;
let done: string[] = [];
beforeEach(async () => {
  test = await TestWorld.make(['a', 'b', 'c', 'd', 'e'].map((name) => `demo-${name}`));
  done = [];
  for (const name of test.stage.machines)
    test.stage.on(name).on(/containerd-shim/, () => {
      done.push(`pods ${name}`);
      return '';
    });
});
afterEach(() => test.close());

const provider = (): MachineProvider =>
  Object.assign(Object.create(test.stage.provider) as MachineProvider, {
    stop: (name: string, { force = false } = {}) =>
      Promise.resolve(void done.push(`${force ? 'cut' : 'off'} ${name}`)),
  });
const record = () => test.record({ config: labOf(LAB) });
const run = (force: boolean) => {
  const made = provider();
  return stop(record(), { force }, test.world({ provider: () => made }));
};

describe('stop', () => {
  it('ends pods of agents, then the server, then machines without bricks, then those with', async () => {
    await run(false);
    expect([done.slice(0, 2).sort(), done[2], done.slice(3, 5).sort(), done.slice(5).sort()]).toEqual([
      ['pods demo-b', 'pods demo-c'],
      'pods demo-a',
      ['off demo-a', 'off demo-c'],
      ['off demo-b', 'off demo-d', 'off demo-e'],
    ]);
  });

  it('only cuts the power when forced', async () => {
    await run(true);
    expect(done.every((line) => line.startsWith('cut '))).toBe(true);
    expect(done).toHaveLength(5);
  });

  it('leaves machines that are off alone, and goes on when one does not answer', async () => {
    test.stage.provider.infos = [
      { name: 'demo-a', state: 'running' },
      { name: 'demo-b', state: 'stopped' },
    ];
    test.stage.on('demo-a').on(/containerd-shim/, new Error('no answer'));
    expect(await run(false)).toEqual(['demo-a']);
    expect(done).toEqual(['off demo-a']);
  });
});

describe('start', () => {
  it('does not make machines', async () => {
    test.stage.provider.infos = test.stage.provider.infos.slice(1);
    await expect(start(record(), test.world())).rejects.toMatchObject({
      code: 'LAB_CHANGED',
      message: 'Lab demo lacks a; starting alone does not help.',
    });
  });
});
