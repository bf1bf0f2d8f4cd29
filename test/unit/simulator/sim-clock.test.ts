import { describe, expect, it } from 'vitest';
import { SimClock } from '../../../src/simulator/sim-clock.js';
import { whenIdle } from '../../../src/util/clock.js';

describe('SimClock', () => {
  it('wakes sleepers in order of their time, without real waiting', async () => {
    const clock = new SimClock(1000, whenIdle);
    const woken: [string, number][] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push([name, clock.now()]);
    };
    const start = performance.now();
    await Promise.all([
      sleeper('day', 86_400_000),
      sleeper('second', 1000),
      sleeper('also', 1000),
      sleeper('now', 0),
    ]);
    expect(woken).toEqual([
      ['now', 1000],
      ['second', 2000],
      ['also', 2000],
      ['day', 86_401_000],
    ]);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('does not advance while work is left at the current time', async () => {
    const clock = new SimClock(0, whenIdle);
    const slept = clock.sleep(10);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    expect(clock.now()).toBe(0);
    await slept;
    expect(clock.now()).toBe(10);
  });

  it('rejects a sleep when its signal aborts', async () => {
    const clock = new SimClock(0, whenIdle);
    const abort = new AbortController();
    const slept = clock.sleep(5000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(clock.sleep(1, abort.signal)).rejects.toThrow('enough');
    await clock.sleep(1);
    expect(clock.now()).toBe(1);
  });
});
