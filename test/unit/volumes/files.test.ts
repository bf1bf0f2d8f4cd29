import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import type { Machine } from '../../../src/machines/provider.js';
import { catCommand, copy, listCommand, topOf, type CopyEnd } from '../../../src/volumes/files.js';

const host = new HostExecutor();
/** A machine that is this host: commands are run as they are. */
const machine: Machine = {
  name: 'here',
  exec: (command, options) => host.exec(command, options),
  hostCommand: (command) => Promise.resolve(command),
};
const context = { host, signal: new AbortController().signal };

let dir: string;
let root: string;
const here = (path: string): CopyEnd => ({
  root: undefined,
  path: join(dir, path) + (path.endsWith('/.') ? '/.' : ''),
});
const inside = (path: string): CopyEnd => ({ root, path });
const text = (path: string): Promise<string> => readFile(join(dir, path), 'utf8');

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-files-'));
  root = join(dir, 'volume');
  await mkdir(join(root, 'there'), { recursive: true });
  await mkdir(join(dir, 'src/deep'), { recursive: true });
  await writeFile(join(dir, 'src/deep/a file'), 'A');
  await writeFile(join(dir, 'src/-x'), 'X', { mode: 0o640 });
  await writeFile(join(root, 'inside.txt'), 'inside');
  await writeFile(join(dir, 'outside.txt'), 'outside');
  await symlink('../outside.txt', join(root, 'link'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('copying in', () => {
  it('a file under a new name, and into a directory that is there', async () => {
    await copy(here('src/-x'), inside('made/new'), machine, context);
    await copy(here('src/-x'), inside('there'), machine, context);
    expect([await text('volume/made/new'), await text('volume/there/-x')]).toEqual(['X', 'X']);
    expect((await stat(join(root, 'made/new'))).mode & 0o777).toBe(0o640);
  });

  it('a directory under a new name, into one that is there, and what it holds', async () => {
    await copy(here('src'), inside('named'), machine, context);
    await copy(here('src'), inside(''), machine, context);
    await copy(here('src/.'), inside('poured'), machine, context);
    for (const path of ['named', 'src', 'poured']) expect(await text(`volume/${path}/deep/a file`)).toBe('A');
  });

  it('the contents of a directory; owner and mode of the target stay', async () => {
    await chmod(root, 0o777);
    await chown(join(dir, 'src'), 1234, 1234).catch(() => undefined);
    await chmod(join(dir, 'src'), 0o700);
    const before = await stat(root);
    await copy(here('src/.'), inside(''), machine, context);
    const { mode, uid } = await stat(root);
    expect([mode, uid]).toEqual([before.mode, before.uid]);
    expect([await text('volume/-x'), await text('volume/deep/a file')]).toEqual(['X', 'A']);
  });

  it('succeeds for an empty directory', async () => {
    await mkdir(join(dir, 'empty'));
    await copy(here('empty/.'), inside('there'), machine, context);
    expect(await readdir(join(root, 'there'))).toEqual([]);
    await expect(copy(here('nix/.'), inside('there'), machine, context)).rejects.toThrow();
  });

  it('the target of a link, under the name of the link', async () => {
    await symlink('../src', join(dir, 'src/deep/again'));
    await symlink('src', join(dir, 'by, the & way'));
    await symlink('src/-x', join(dir, 'file'));
    await copy(here('by, the & way'), inside(''), machine, context);
    await copy(here('by, the & way'), inside('named'), machine, context);
    await copy(here('file'), inside('there/copied'), machine, context);
    expect(await text('volume/by, the & way/deep/a file')).toBe('A');
    expect(await text('volume/named/deep/a file')).toBe('A');
    expect(await text('volume/there/copied')).toBe('X');
    expect(await readlink(join(root, 'named/deep/again'))).toBe('../src');
  });

  it('leaves nothing behind when the source does not exist', async () => {
    await expect(copy(here('nix'), inside('made'), machine, context)).rejects.toMatchObject({
      code: 'VOLUME_FAILED',
    });
    await expect(stat(join(root, 'made'))).rejects.toThrow();
  });

  it.each(['../x', 'there/../../x', '/../x'])('refuses the target %s', async (path) => {
    await expect(copy(here('src'), inside(path), machine, context)).rejects.toMatchObject({
      details: expect.arrayContaining([`${path} leads out of the volume`]) as string[],
    });
  });
});

describe('copying out', () => {
  it('a directory and a file', async () => {
    await copy(inside('inside.txt'), here('got.txt'), machine, context);
    await mkdir(join(dir, 'got'));
    await copy(inside(''), here('got/'), machine, context);
    expect(await text('got.txt')).toBe('inside');
    expect(await text('got/inside.txt')).toBe('inside');
  });

  it('does not follow a link out of the volume', async () => {
    await expect(copy(inside('link'), here('got'), machine, context)).rejects.toMatchObject({
      code: 'VOLUME_FAILED',
    });
  });
});

it('lists and prints what is in the volume, and nothing else', async () => {
  expect((await host.exec(listCommand(root, ''))).stdout).toContain('inside.txt');
  expect((await host.exec(catCommand(root, 'inside.txt'))).stdout).toBe('inside');
  expect(await host.exec(catCommand(root, 'link'))).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('leads out') as string,
  });
  expect(await host.exec(catCommand(root, '../outside.txt'))).toMatchObject({ exitCode: 1, stdout: '' });
  expect((await host.exec(listCommand(join(dir, 'nix'), ''))).stderr).toContain('there is no directory');
});

it.each([
  ['a/b', 'b'],
  ['a/b/', 'b'],
  ['a/.', '.'],
  ['.', '.'],
  ['', '.'],
])('an archive of %j has %j at its top', (path, top) => {
  expect(topOf(path)).toBe(top);
});
