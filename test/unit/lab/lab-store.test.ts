import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dirsOf } from '../../../src/util/dirs.js';
import { LabStore, type LabRecord } from '../../../src/lab/lab-store.js';
import { readText, writePrivate } from '../../../src/util/private-files.js';
import { labOf } from '../../helpers/step-context.js';

let base = '';
let store = new LabStore('');
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kglab-state-'));
  store = new LabStore(join(base, 'state', 'kglab'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const record = (name = 'demo'): LabRecord => ({
  version: 1,
  name,
  id: 'abc123',
  provider: 'nspawn',
  createdAt: '2026-01-02T03:04:05.000Z',
  config: labOf(`name: ${name}`),
});
const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('LabStore', () => {
  it('loads a record as it was saved', async () => {
    await store.save(record());
    expect(await store.load('demo')).toEqual(JSON.parse(JSON.stringify(record())));
  });

  it('returns undefined for an unknown lab', async () => {
    expect(await store.load('demo')).toBeUndefined();
    expect(await store.token('demo')).toBeUndefined();
    expect(await store.names()).toEqual([]);
  });

  it('makes all files private, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await store.save(record());
      await store.ensureToken('demo');
      const files = store.files('demo');
      await files.write(files.kubeconfig, 'key');
    } finally {
      process.umask(before);
    }
    const dir = store.dir('demo');
    expect((await readdir(dir)).sort()).toEqual(['kubeconfig', 'lab.json', 'token']);
    for (const name of ['kubeconfig', 'lab.json', 'token']) expect(await mode(join(dir, name))).toBe('600');
    for (const path of [dir, join(dir, '..'), join(dir, '../..')]) expect(await mode(path)).toBe('700');
  });

  it('chooses a token once', async () => {
    const token = await store.ensureToken('demo');
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    expect(await store.ensureToken('demo')).toBe(token);
    expect(await store.token('demo')).toBe(token);
    expect(await store.ensureToken('other')).not.toBe(token);
    expect(store.newId()).not.toBe(store.newId());
  });

  it('refuses a record of a newer kglab', async () => {
    await store.save({ ...record(), version: 2 as 1 });
    await expect(store.load('demo')).rejects.toMatchObject({
      code: 'LAB_UNKNOWN',
      message: expect.stringContaining('record version 2') as string,
    });
  });

  it.each(['', '{"versi', 'null', '[]', '{"version":1,"name":"demo"}'])(
    'refuses a damaged record and names the file: %j',
    async (text) => {
      await store.save(record());
      const path = join(store.dir('demo'), 'lab.json');
      await writeFile(path, text);
      await expect(store.load('demo')).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        message: expect.stringContaining(path) as string,
        hint: expect.stringContaining(`mv ${path}`) as string,
      });
    },
  );

  it('lists labs by name, without folders that hold only logs', async () => {
    await store.save(record('b'));
    await store.save(record('a'));
    await mkdir(store.logDir('never-made'), { recursive: true });
    await writeFile(join(base, 'state', 'kglab', 'labs', 'stray'), '');
    expect(await store.names()).toEqual(['a', 'b']);
  });

  it('removes a lab with its logs, and nothing of another', async () => {
    await store.save(record('a'));
    await store.save(record('b'));
    await mkdir(store.logDir('a'), { recursive: true });
    await store.remove('a');
    expect(await store.names()).toEqual(['b']);
    await store.remove('b');
    await store.remove('b');
    expect(await readdir(join(base, 'state'))).toEqual([]);
  });
});

describe('writePrivate', () => {
  it('replaces a file and restricts its permissions', async () => {
    const path = join(base, 'file');
    await writeFile(path, 'old and long', { mode: 0o644 });
    await writePrivate(path, 'new');
    expect(await readText(path)).toBe('new');
    expect(await mode(path)).toBe('600');
    expect(await readdir(base)).toEqual(['file']);
  });

  it('leaves the old file and no other file if it fails', async () => {
    const path = join(base, 'dir');
    await mkdir(join(path, 'not empty'), { recursive: true });
    await expect(writePrivate(path, 'new')).rejects.toThrow();
    expect(await readdir(base)).toEqual(['dir']);
  });

  it('gives every reader a complete text at any time', async () => {
    const path = join(base, 'file');
    const texts = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await writePrivate(path, texts[0] ?? '');
    const writing = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await writePrivate(path, texts[turn % 2] ?? '');
    })();
    for (let look = 0; look < 40; look += 1) expect(texts).toContain(await readFile(path, 'utf8'));
    await writing;
  });

  it('distinguishes a missing file from an unreadable one', async () => {
    expect(await readText(join(base, 'none'))).toBeUndefined();
    await expect(readText(base)).rejects.toThrow();
    await chmod(base, 0o700);
  });
});

describe('dirsOf', () => {
  it('uses the environment, and has defaults', () => {
    expect(dirsOf({ HOME: '/h' })).toEqual({
      state: '/h/.local/state/kglab',
      cache: '/h/.cache/kglab',
      machines: '/var/lib/kglab',
    });
    expect(
      dirsOf({ HOME: '/h', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c', KGLAB_MACHINES_DIR: '/m' }),
    ).toEqual({
      state: '/s/kglab',
      cache: '/c/kglab',
      machines: '/m',
    });
  });

  it('treats an empty variable as unset', () => {
    expect(dirsOf({ HOME: '/h', XDG_STATE_HOME: '', XDG_CACHE_HOME: '', KGLAB_MACHINES_DIR: '' })).toEqual(
      dirsOf({ HOME: '/h' }),
    );
  });
});
