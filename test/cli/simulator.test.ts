import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bestCost, measured } from '../helpers/cost.js';
import { Home } from '../helpers/run-kglab.js';

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

/** README: three nodes take a second, a hundred less than twenty. */
const LIMITS = [
  { nodes: 3, cpuMs: 2_000, peakMiB: 300, times: 3 },
  { nodes: 100, cpuMs: 20_000, peakMiB: 300, times: 2 },
] as const;

/** A host whose processors are shared takes several times that on the wall. */
const PATIENCE_MS = 300_000;

describe('kglab up --provider simulator', () => {
  it.each(LIMITS)(
    'creates $nodes nodes within $cpuMs ms of processor and $peakMiB MiB',
    async ({ nodes, cpuMs, peakMiB, times }) => {
      let lab = 0;
      const cost = await bestCost(times, async () => {
        lab += 1;
        const words = ['up', '-n', `sim${lab}`, '--provider', 'simulator', '--nodes', String(nodes), '-q'];
        const ran = await measured(home, words);
        expect(ran).toMatchObject({ exitCode: 0 });
        return ran;
      });
      console.log(`${nodes} nodes: ${cost.cpuMs.toFixed(0)} ms, ${cost.peakMiB.toFixed(0)} MiB`);
      expect(cost.cpuMs).toBeLessThan(cpuMs);
      expect(cost.peakMiB).toBeLessThan(peakMiB);
    },
    PATIENCE_MS,
  );

  it('simulates a lab without internet without any archives', async () => {
    home.write('lab.yaml', 'name: demo\nnetwork: {internet: off}\n');
    expect((await home.kglab(['up', '--provider', 'simulator'])).exitCode).toBe(0);
  });

  it('writes everything as JSON events, messages included', async () => {
    const up = ['up', '-n', 'sim', '--provider', 'simulator'];
    await home.kglab([...up, '-q']);
    const { stderr } = await home.kglab(['stop', '-n', 'sim', '--progress', 'json']);
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events).toContainEqual({
      type: 'say',
      text: 'shutting down sim-node1',
      at: expect.any(Number) as number,
    });
  });
});
