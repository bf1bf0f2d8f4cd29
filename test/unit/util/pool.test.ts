import { describe, expect, it } from 'vitest';
import { mapPool } from '../../../src/util/pool.js';
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
  it('keeps the order of the items, whatever ends first, and never exceeds the limit', async () => {
    const { open, work, most } = gates();
    const all = mapPool([1, 2, 3, 4, 5], 2, work);
    for (const item of [2, 3, 1, 5, 4]) {
      await turn();
      open.get(item)?.();
    }
    expect(await all).toEqual([10, 20, 30, 40, 50]);
    expect(most()).toBe(2);
  });

  it('runs everything to its end before it fails, with the one error itself', async () => {
    const done: number[] = [];
    const broken = new Error('two');
    const failure = await failureOf(
      mapPool([1, 2, 3], 1, async (item) => {
        if (item === 2) throw broken;
        done.push(item);
        return Promise.resolve(item);
      }),
    );
    expect(failure).toBe(broken);
    expect(done).toEqual([1, 3]);
  });

  it('gathers several errors', async () => {
    const failure = await failureOf(mapPool([1, 2, 3], 3, (item) => Promise.reject(new Error(`no ${item}`))));
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).message).toBe('3 of 3 failed');
    expect((failure as AggregateError).errors.map(String)).toEqual([
      'Error: no 1',
      'Error: no 2',
      'Error: no 3',
    ]);
  });

  it('has nothing to do with nothing', async () => {
    expect(await mapPool([], 4, () => Promise.reject(new Error('called')))).toEqual([]);
  });
});
