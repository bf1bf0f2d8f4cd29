import { describe, expect, it } from 'vitest';
import { factCache, fresh, pending, satisfied, type StepContext } from '../../../src/engine/context.js';
import { Stage } from '../../helpers/step-context.js';
import { ScriptedRun, stepOf, turn } from './scripted-run.js';

describe('factCache', () => {
  it('reads a key once, even for concurrent readers', async () => {
    const cache = factCache();
    let reads = 0;
    const read = () => Promise.resolve((reads += 1));
    expect(await Promise.all([cache.get('a', read), cache.get('a', read), cache.get('b', read)])).toEqual([
      1, 1, 2,
    ]);
    expect(await cache.get('a', read)).toBe(1);
  });

  it('reads again after clear', async () => {
    const cache = factCache();
    await cache.get('a', () => Promise.resolve('old'));
    cache.clear();
    expect(await cache.get('a', () => Promise.resolve('new'))).toBe('new');
  });

  it('does not cache a read that failed', async () => {
    const cache = factCache();
    const failing = () => Promise.reject(new Error('no answer'));
    const [one, two] = await Promise.allSettled([cache.get('a', failing), cache.get('a', failing)]);
    expect([one.status, two.status]).toEqual(['rejected', 'rejected']);
    expect(await cache.get('a', () => Promise.resolve('answer'))).toBe('answer');
  });

  it('keeps a new fact when an old read fails late', async () => {
    const cache = factCache();
    let fail: (error: Error) => void = () => undefined;
    const old = cache.get('a', () => new Promise((_resolve, reject) => (fail = reject)));
    cache.clear();
    await cache.get('a', () => Promise.resolve('new'));
    fail(new Error('late'));
    await expect(old).rejects.toThrow('late');
    expect(await cache.get('a', () => Promise.resolve('newer'))).toBe('new');
  });
});

describe('fresh', () => {
  it('reads every time', async () => {
    const context = new Stage().context();
    let reads = 0;
    const read = () => Promise.resolve((reads += 1));
    await context.fact('a', read);
    expect(await fresh(context).fact('a', read)).toBe(2);
    expect(await fresh(context).fact('a', read)).toBe(3);
    expect(await context.fact('a', read)).toBe(1);
  });
});

describe('facts of a run', () => {
  let reads = 0;
  const look = (_name: string, { fact }: StepContext) => fact('world', () => Promise.resolve((reads += 1)));

  it('are shared by probes while nothing changes', async () => {
    reads = 0;
    const engine = new ScriptedRun();
    await engine.run([stepOf('a'), stepOf('b'), stepOf('c', 'a', 'b')], {
      probe: async (name, context) => {
        await look(name, context);
        return satisfied;
      },
    });
    expect(reads).toBe(1);
  });

  it('are read again after an apply', async () => {
    reads = 0;
    const engine = new ScriptedRun();
    const seen: number[] = [];
    const run = engine.run([stepOf('a'), stepOf('b'), stepOf('c', 'b')], {
      probe: async (name, context) => {
        seen.push(await look(name, context));
        return name === 'b' ? pending('new') : satisfied;
      },
      apply: engine.gate,
    });
    await turn();
    expect(seen).toEqual([1, 1]);
    await engine.open('b');
    await run;
    expect(seen).toEqual([1, 1, 2]);
  });
});
