import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start, stop } from '../../../src/app/power.js';
import type { MachineProvider } from '../../../src/machines/provider.js';
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
    test.stage.on(name).on(/^sh end_pods/, () => {
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
const run = async (force: boolean) => {
  const made = provider();
  const world = test.world({ provider: () => Promise.resolve(made) });
  return stop(await test.lab(world, record()), { force });
};

describe('stop', () => {
  it('stops pods of agents, then of the server, then machines without bricks, then those with bricks', async () => {
    await run(false);
    expect([done.slice(0, 2).sort(), done[2], done.slice(3, 5).sort(), done.slice(5).sort()]).toEqual([
      ['pods demo-b', 'pods demo-c'],
      'pods demo-a',
      ['off demo-a', 'off demo-c'],
      ['off demo-b', 'off demo-d', 'off demo-e'],
    ]);
  });

  it('cuts the power and stops no pods with force', async () => {
    await run(true);
    expect(done.every((line) => line.startsWith('cut '))).toBe(true);
    expect(done).toHaveLength(5);
  });

  it('skips stopped machines, and stops the others when one does not answer', async () => {
    test.stage.provider.infos = [
      { name: 'demo-a', state: 'running' },
      { name: 'demo-b', state: 'stopped' },
    ];
    test.stage.on('demo-a').on(/^sh end_pods/, new Error('no answer'));
    expect(await run(false)).toEqual(['demo-a']);
    expect(done).toEqual(['off demo-a']);
  });
});

describe('stop of a lab with pending heals', () => {
  const INFO = /heal gv0 info$/;
  const owed = (count: number): string =>
    `<cliOutput><healInfo><bricks><brick><name>demo-b:/b</name><status>Connected</status><numberOfEntries>${count}</numberOfEntries></brick></bricks></healInfo><opRet>0</opRet></cliOutput>`;
  const ended = async (work: Promise<unknown>): Promise<void> => {
    await test.stage.clock.advance(20_000);
    await work;
  };

  it('waits a short time for them', async () => {
    test.stage.on('demo-b').on(INFO, owed(3), owed(1), owed(0));
    await ended(run(false));
    expect(test.said.filter((line) => line.includes('heal'))).toEqual([
      'waiting up to 8 s for heals (volume gv0: 3 entries)',
    ]);
    expect(test.stage.ran('demo-b').filter((words) => INFO.test(words))).toHaveLength(3);
  });

  it('gives up after 8 s and says what is left', async () => {
    test.stage.on('demo-b').on(INFO, owed(3));
    await ended(run(false));
    expect(test.said).toContain('not finished healing (continues at the next start): volume gv0: 3 entries');
    expect(done.filter((line) => line.startsWith('off '))).toHaveLength(5);
  });

  it('does not ask for heals with force', async () => {
    await run(true);
    expect(test.stage.ran('demo-b')).toEqual([]);
  });
});

describe('start', () => {
  it('refuses a lab with a missing machine', async () => {
    test.stage.provider.infos = test.stage.provider.infos.slice(1);
    await expect(start(await test.lab(test.world(), record()))).rejects.toMatchObject({
      code: 'LAB_CHANGED',
      message: 'Machines of lab demo do not exist: a. `start` does not create machines.',
    });
  });
});
