import { describe, expect, it } from 'vitest';
import { retryable, waitFor } from '../../../src/util/wait.js';
import { CliError } from '../../../src/errors/cli-error.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { failureOf } from '../../helpers/step-context.js';

describe('waitFor', () => {
  it('checks at once, then at every interval, until the result is not undefined; false and 0 count', async () => {
    const clock = new FakeClock();
    const looks: number[] = [];
    const found = waitFor(
      () => {
        looks.push(clock.now());
        return Promise.resolve(looks.length < 3 ? undefined : false);
      },
      { clock, timeoutMs: 1000, everyMs: 100 },
    );
    await clock.advance(1000);
    expect(await found).toBe(false);
    expect(looks).toEqual([0, 100, 200]);
  });

  it('gives up when the next check would be after the timeout', async () => {
    const clock = new FakeClock();
    const looks: number[] = [];
    const found = waitFor(
      () => {
        looks.push(clock.now());
        return Promise.resolve(undefined);
      },
      { clock, timeoutMs: 250, everyMs: 100 },
    );
    await clock.advance(200);
    expect(await found).toBeUndefined();
    expect(looks).toEqual([0, 100, 200]);
  });

  it('throws the error of the check', async () => {
    const options = { clock: new FakeClock(), timeoutMs: 250 };
    await expect(waitFor(() => Promise.reject(new Error('broken')), options)).rejects.toThrow('broken');
  });

  it('throws when aborted during a pause or before the start', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const options = { clock, timeoutMs: 10_000, everyMs: 5000, signal: abort.signal };
    let looks = 0;
    const look = () => {
      looks += 1;
      return Promise.resolve(undefined);
    };
    const failure = failureOf(waitFor(look, options));
    await clock.advance(1);
    abort.abort(new Error('stop'));
    expect(await failure).toEqual(new Error('stop'));
    await expect(waitFor(look, options)).rejects.toThrow('stop');
    expect(looks).toBe(1);
  });
});

describe('retryable', () => {
  const { signal } = new AbortController();
  const first = new CliError('MACHINE_UNREACHABLE', 'a');
  const silent = new CliError('MACHINE_UNREACHABLE', 'b');

  it('returns the first of several CliErrors, and throws when a bug is among them', () => {
    expect(retryable(first, signal)).toBe(first);
    expect(retryable(new AggregateError([first, silent]), signal)).toBe(first);
    const mixed = new AggregateError([first, new TypeError('bug')]);
    expect(() => retryable(mixed, signal)).toThrow(mixed);
    expect(() => retryable(first, AbortSignal.abort())).toThrow(first);
  });
});
