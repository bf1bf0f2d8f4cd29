import { describe, expect, it } from 'vitest';
import { awaitAll, mapPool } from '../../../src/util/pool.js';
import { failureOf } from '../../helpers/step-context.js';

/** Work that ends when the test says so. */
const gates = () => {
  const open = new Map<number, () => void>();
  let most = 0;
  const work = async (item: number): Promise<number> => {
    await new Promise<void>((resolve) => {
      open.set(item, resolve);
      most = Math.max(most, open.size);
    });
    open.delete(item);
    return item * 10;
  };
  return { open, work, most: () => most };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('mapPool', () => {
  it('returns results in the order of the items, and never exceeds the limit', async () => {
    const { open, work, most } = gates();
    const all = mapPool([1, 2, 3, 4, 5], 2, work);
    for (const item of [2, 3, 1, 5, 4]) {
      await turn();
      open.get(item)?.();
    }
    expect(await all).toEqual([10, 20, 30, 40, 50]);
    expect(most()).toBe(2);
  });

  it('starts no more work after a failure, and waits for running work before it throws', async () => {
    const { open, work } = gates();
    const started: number[] = [];
    let ended = false;
    const broken = new Error('two');
    const all = failureOf(
      mapPool([1, 2, 3, 4], 2, (item) => {
        started.push(item);
        return item === 2 ? Promise.reject(broken) : work(item);
      }),
    ).finally(() => (ended = true));
    await turn();
    await turn();
    expect(started).toEqual([1, 2]);
    expect(ended).toBe(false);
    open.get(1)?.();
    expect(await all).toBe(broken);
    expect(started).toEqual([1, 2]);
  });

  it('processes all items with goOn, and throws the only error itself', async () => {
    const done: number[] = [];
    const broken = new Error('two');
    const work = async (item: number): Promise<number> => {
      if (item === 2) throw broken;
      done.push(item);
      return Promise.resolve(item);
    };
    expect(await failureOf(mapPool([1, 2, 3], 1, work, { goOn: true }))).toBe(broken);
    expect(done).toEqual([1, 3]);
  });

  it('throws an AggregateError of several errors', async () => {
    const failure = await failureOf(mapPool([1, 2, 3], 3, (item) => Promise.reject(new Error(`no ${item}`))));
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).message).toBe('3 of 3 failed');
    expect((failure as AggregateError).errors.map(String)).toEqual([
      'Error: no 1',
      'Error: no 2',
      'Error: no 3',
    ]);
  });

  it('throws the reason of an abort once, however much work it ended', async () => {
    const reason = new DOMException('Interrupted', 'AbortError');
    expect(await failureOf(mapPool([1, 2, 3], 3, () => Promise.reject(reason)))).toBe(reason);
  });

  it('returns no results for no items', async () => {
    expect(await mapPool([], 4, () => Promise.reject(new Error('called')))).toEqual([]);
  });
});

describe('awaitAll', () => {
  it('returns results of different types in order', async () => {
    const [text, number] = await awaitAll([Promise.resolve('a'), 1]);
    expect([text, number]).toEqual(['a', 1]);
  });

  it('waits for all promises before it throws an AggregateError of several errors', async () => {
    const { open, work } = gates();
    let ended = false;
    const all = failureOf(
      awaitAll([Promise.reject(new Error('a')), work(1), Promise.reject(new Error('b'))]),
    );
    void all.then(() => (ended = true));
    await turn();
    expect(ended).toBe(false);
    open.get(1)?.();
    expect(((await all) as AggregateError).errors.map(String)).toEqual(['Error: a', 'Error: b']);
  });
});
