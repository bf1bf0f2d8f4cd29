import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putLabFile } from '../../../../src/cli/support/put-lab-file.js';

describe('putLabFile', () => {
  let dir = '';
  let path = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kglab-init-'));
    path = join(dir, 'lab.yaml');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('writes a new file, and replaces one that may be', async () => {
    await putLabFile(path, 'one', { replace: false });
    await putLabFile(path, 'two', { replace: true });
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(dir)).toEqual(['lab.yaml']);
  });

  it('leaves a file alone that came meanwhile', async () => {
    await writeFile(path, 'mine');
    const put = putLabFile(path, 'other', { replace: false });
    await expect(put).rejects.toMatchObject({ code: 'CONFIRMATION_NEEDED' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('keeps the old file when the new one cannot be written', async () => {
    await writeFile(path, 'old');
    await writeFile(`${path}.${process.pid}.new`, 'in the way');
    await expect(putLabFile(path, 'new', { replace: true })).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});
