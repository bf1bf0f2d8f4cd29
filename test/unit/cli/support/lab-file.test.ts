import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putLabFile } from '../../../../src/cli/support/lab-file.js';

describe('putLabFile', () => {
  let dir = '';
  let path = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kglab-init-'));
    path = join(dir, 'lab.yaml');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('writes a new file, and replaces an existing one with `replace`', async () => {
    await putLabFile(path, 'one', { replace: false });
    await putLabFile(path, 'two', { replace: true });
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(dir)).toEqual(['lab.yaml']);
  });

  it('leaves a file unchanged that was created in the meantime', async () => {
    await writeFile(path, 'mine');
    const put = putLabFile(path, 'other', { replace: false });
    await expect(put).rejects.toMatchObject({ code: 'CONFIRMATION_NEEDED' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('keeps the old file when the new one cannot be written', async () => {
    // There is no room for a longer name beside it.
    path = join(dir, 'x'.repeat(250));
    await writeFile(path, 'old');
    await expect(putLabFile(path, 'new', { replace: true })).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it('replaces the target of a link and keeps its mode', async () => {
    await writeFile(join(dir, 'real'), 'old', { mode: 0o640 });
    await symlink('real', path);
    await putLabFile(path, 'new', { replace: true });
    expect(await readlink(path)).toBe('real');
    expect(await readFile(join(dir, 'real'), 'utf8')).toBe('new');
    expect((await stat(join(dir, 'real'))).mode & 0o777).toBe(0o640);
  });

  it('creates a file with the permissions that the umask allows', async () => {
    await writeFile(join(dir, 'other'), '');
    for (const replace of [false, true]) {
      const fresh = join(dir, String(replace));
      await putLabFile(fresh, 'new', { replace });
      expect((await stat(fresh)).mode).toBe((await stat(join(dir, 'other'))).mode);
    }
  });
});
