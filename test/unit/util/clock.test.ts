import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/util/clock.js';

describe('systemClock', () => {
  it('resolves after the time, and removes its listener', async () => {
    const { signal } = new AbortController();
    const added: string[] = [];
    const removed: string[] = [];
    signal.addEventListener = (type: string) => void added.push(type);
    signal.removeEventListener = (type: string) => void removed.push(type);
    await systemClock.sleep(1, signal);
    expect([added, removed]).toEqual([['abort'], ['abort']]);
  });

  it('rejects when aborted before or during the sleep', async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort(new Error('stop'));
    await expect(sleeping).rejects.toThrow('stop');
    await expect(systemClock.sleep(60_000, abort.signal)).rejects.toThrow('stop');
  });
});
