import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumOf, parseChecksums } from '../../../src/artifacts/checksums.js';
import { sha256File } from '../../../src/util/checksum.js';
import { sha256, tempDir } from './fake-release.js';

const SUM = 'AB'.repeat(32);

describe('parseChecksums', () => {
  it('reads text and binary lines and ignores others', () => {
    const text = `${SUM}  k3s\r\n${SUM} *./b.tar\n\n<html>\nabc  short\n${SUM}  two words\n`;
    expect([...parseChecksums(text)]).toEqual([
      ['k3s', SUM.toLowerCase()],
      ['b.tar', SUM.toLowerCase()],
    ]);
  });
});

describe('checksumOf', () => {
  it('throws with file and source when the line is missing', () => {
    expect(() => checksumOf(parseChecksums(`${SUM}  k3s-arm64`), 'k3s', 'sums.txt')).toThrowError(
      expect.objectContaining({
        code: 'ARTIFACT_CHECKSUM',
        message: 'sums.txt has no checksum for k3s.',
        details: ['files with a checksum: k3s-arm64'],
      }) as Error,
    );
  });
});

describe('sha256File', () => {
  it('equals sha256 of the content', async () => {
    const path = join(tempDir(), 'f');
    writeFileSync(path, 'x'.repeat(300_000));
    expect(await sha256File(path)).toBe(sha256(path));
  });

  it('throws the reason of an abort', async () => {
    const path = join(tempDir(), 'f');
    writeFileSync(path, 'x');
    const reason = new Error('enough');
    await expect(sha256File(path, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
