import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addToCache } from '../../../src/artifacts/add-to-cache.js';
import { listCache, removeFromCache } from '../../../src/artifacts/list-cache.js';
import { leftovers, tempDir, TestHost, VERSION, writeImages, writeRelease } from './fake-release.js';

const filled = async () => {
  const [dir, host] = [tempDir(), new TestHost()];
  const cacheDir = join(dir, 'cache');
  const add = (path: string, version?: string) => addToCache({ path, cacheDir, host, version });
  await add(writeRelease(join(dir, 'r1')));
  await add(writeRelease(join(dir, 'r1-arm64'), { arch: 'arm64' }), VERSION);
  await add(writeRelease(join(dir, 'r2'), { version: 'v1.36.2+k3s1' }));
  await add(writeImages(join(dir, 'a.tar'), ['a:1']));
  return { cacheDir, host };
};

const ids = async (cacheDir: string, host: TestHost) =>
  (await listCache({ cacheDir, host })).map(({ id }) => id);

describe('listCache', () => {
  it('returns nothing for a cache that does not exist', async () => {
    expect(await listCache({ cacheDir: join(tempDir(), 'none'), host: new TestHost() })).toEqual([]);
  });

  it('lists releases, newest first, then archives', async () => {
    const { cacheDir, host } = await filled();
    const all = await listCache({ cacheDir, host });
    expect(all.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'release v1.36.2+k3s1/amd64',
      `release ${VERSION}/amd64`,
      `release ${VERSION}/arm64`,
      expect.stringMatching(/^image [0-9a-f]{12}-a\.tar$/),
    ]);
    expect(all.every(({ bytes }) => bytes > 0)).toBe(true);
  });

  it('omits an incomplete release, and lists a damaged archive so that it can be removed', async () => {
    const [cacheDir, host] = [tempDir(), new TestHost()];
    mkdirSync(join(cacheDir, 'k3s', VERSION, 'amd64'), { recursive: true });
    writeFileSync(join(cacheDir, 'k3s', VERSION, 'amd64', 'k3s'), 'x');
    mkdirSync(join(cacheDir, 'images'));
    writeFileSync(join(cacheDir, 'images', 'abc-x.tar'), 'x');
    expect(await listCache({ cacheDir, host })).toMatchObject([{ id: 'abc-x.tar', refs: [] }]);
  });
});

describe('removeFromCache', () => {
  it('removes one architecture, or all of a version', async () => {
    const { cacheDir, host } = await filled();
    await removeFromCache({ cacheDir, host, what: `${VERSION}/arm64` });
    expect(await ids(cacheDir, host)).toHaveLength(3);
    const removed = await removeFromCache({ cacheDir, host, what: VERSION });
    expect(removed.map(({ id }) => id)).toEqual([`${VERSION}/amd64`]);
    expect(existsSync(join(cacheDir, 'k3s', VERSION))).toBe(false);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('removes an archive by an image in it, with its list of images', async () => {
    const { cacheDir, host } = await filled();
    await removeFromCache({ cacheDir, host, what: 'docker.io/library/a:1' });
    expect(readdirSync(join(cacheDir, 'images'))).toEqual([]);
  });

  it.each(['v9.9.9+k3s1', '..', '', 'images'])('refuses %j, which is not an entry', async (what) => {
    const { cacheDir, host } = await filled();
    const before = readdirSync(cacheDir, { recursive: true });
    await expect(removeFromCache({ cacheDir, host, what })).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
    });
    expect(readdirSync(cacheDir, { recursive: true })).toEqual(before);
  });
});
