import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../../src/util/replace-file.js';
import { behindLinks } from '../../../src/util/user-files.js';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-replace-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('replaceFile', () => {
  it('creates a file of mode 0600 and the missing folders', async () => {
    const path = join(dir, 'a', 'b');
    await replaceFile(path, 'one');
    await replaceFile(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dir, 'a'))).toEqual(['b']);
  });

  it('keeps the old file and no temporary file when `prepare` fails', async () => {
    const path = join(dir, 'a');
    await writeFile(path, 'old');
    const prepare = (): Promise<void> => Promise.reject(new Error('no space'));
    await expect(replaceFile(path, 'new', { prepare })).rejects.toThrow('no space');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('leaves no temporary file beside a folder that it cannot replace', async () => {
    await expect(replaceFile(dir, 'new')).rejects.toMatchObject({ code: 'EISDIR' });
    expect((await readdir(tmpdir())).filter((name) => join(tmpdir(), name).startsWith(`${dir}.`))).toEqual(
      [],
    );
  });
});

describe('behindLinks', () => {
  it('follows a chain of links through folders to a file that may not exist', async () => {
    const real = await mkdtemp(join(dir, 'real-'));
    await symlink(real, join(dir, 'folder'));
    await symlink('../gone', join(real, 'second'));
    await symlink('folder/second', join(dir, 'first'));
    expect(await behindLinks(join(dir, 'first'))).toBe(join(dir, 'gone'));
    expect(await behindLinks(join(dir, 'plain'))).toBe(join(dir, 'plain'));
  });
});
