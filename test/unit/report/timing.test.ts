import { describe, expect, it } from 'vitest';
import { formatDuration, whileWaiting } from '../../../src/report/timing.js';
import { FakeClock } from '../../helpers/fake-clock.js';

describe('whileWaiting', () => {
  it('says what it waits for after 2 s, then every 10 s, until the work ends', async () => {
    const clock = new FakeClock();
    const said: string[] = [];
    let at = 'node1';
    let end = (_value: string): void => undefined;
    const work = new Promise<string>((resolve) => (end = resolve));
    const say = (line: string): void => void said.push(line);
    const done = whileWaiting(work, { clock, say, what: () => `still waiting for ${at}` });
    await clock.advance(1_900);
    expect(said).toEqual([]);
    await clock.advance(200);
    at = 'node2';
    await clock.advance(10_000);
    expect(said).toEqual(['still waiting for node1 (2.0 s)', 'still waiting for node2 (12 s)']);
    end('found');
    expect(await done).toBe('found');
    await clock.advance(60_000);
    expect(said).toHaveLength(2);
  });

  it('continues when `say` throws', async () => {
    const clock = new FakeClock();
    let end = (_value: string): void => undefined;
    const work = new Promise<string>((resolve) => (end = resolve));
    let asked = 0;
    const say = (): void => {
      asked += 1;
      throw new Error('the disk is full');
    };
    const done = whileWaiting(work, { clock, say, what: () => 'still waiting' });
    await clock.advance(13_000);
    end('found');
    expect([await done, asked]).toEqual(['found', 2]);
  });

  it('throws the error of the work', async () => {
    const options = { clock: new FakeClock(), say: () => undefined, what: () => '' };
    await expect(whileWaiting(Promise.reject(new Error('no')), options)).rejects.toThrow('no');
  });
});

describe('formatDuration', () => {
  it.each([
    [-5, '0.0 s'],
    [40, '0.0 s'],
    [9940, '9.9 s'],
    [9999, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 00 s'],
    [185_000, '3 min 05 s'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
