import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { OutputStream } from '../../../src/cli/support/streams.js';

const failing = (code: string): Error => Object.assign(new Error(code), { code });

/** A stream that does with each text what `take` does: throws, or returns what goes wrong. */
const streamOf = (take: (text: string) => Error | undefined): OutputStream =>
  new OutputStream(
    new Writable({
      decodeStrings: false,
      autoDestroy: false,
      write: (text: string, _encoding, done) => {
        const error = take(text);
        setImmediate(() => done(error));
      },
    }) as unknown as NodeJS.WriteStream,
  );

describe('OutputStream', () => {
  it('has written everything when it is flushed', async () => {
    const taken: string[] = [];
    const out = streamOf((text) => void taken.push(text));
    out.write('one\n');
    out.write('two\n');
    await out.flush();
    expect(taken).toEqual(['one\n', 'two\n']);
    expect(out.failure).toBeUndefined();
  });

  it('keeps the first failure and drops what comes after a closed pipe', async () => {
    let asked = 0;
    const out = streamOf(() => {
      asked += 1;
      return failing('EPIPE');
    });
    out.write('one\n');
    await out.flush();
    out.write('two\n');
    await out.flush();
    expect([asked, out.failure?.code]).toEqual([1, 'EPIPE']);
  });

  it('survives a stream that throws at once, as files do in some versions of Node.js', async () => {
    const out = streamOf(() => {
      throw failing('ENOSPC');
    });
    expect(() => out.write('one\n')).not.toThrow();
    await out.flush();
    expect(out.failure?.code).toBe('ENOSPC');
  });
});
