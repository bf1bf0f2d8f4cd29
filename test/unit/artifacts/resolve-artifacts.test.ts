import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addToCache } from '../../../src/artifacts/add-to-cache.js';
import { DEFAULT_K3S_VERSION } from '../../../src/artifacts/release-names.js';
import { resolveArtifacts } from '../../../src/artifacts/resolve-artifacts.js';
import { sha256, tempDir, TestHost, VERSION, writeImages, writeRelease } from './fake-release.js';

const setUp = () => {
  const [dir, host] = [tempDir(), new TestHost()];
  const cacheDir = join(dir, 'cache');
  return { dir, cacheDir, host, wanted: { version: 'default', arch: 'amd64', cacheDir, host } as const };
};

describe('resolveArtifacts', () => {
  it('plans the default release when the cache is empty', async () => {
    const { cacheDir, wanted } = setUp();
    const dir = join(cacheDir, 'k3s', DEFAULT_K3S_VERSION, 'amd64');
    const fileName = 'k3s-airgap-images-amd64.tar.zst';
    expect(await resolveArtifacts(wanted)).toEqual({
      version: DEFAULT_K3S_VERSION,
      arch: 'amd64',
      state: 'to-download',
      binary: { path: join(dir, 'k3s'), sha256: '' },
      airgap: { path: join(dir, fileName), sha256: '', fileName },
      extraImages: [],
      images: [],
    });
  });

  it('uses the newest release in the cache for this architecture, with its images', async () => {
    const { dir, cacheDir, host, wanted } = setUp();
    const add = (path: string, version?: string) => addToCache({ path, cacheDir, host, version });
    await add(writeRelease(join(dir, 'old'), { version: 'v1.9.9+k3s1' }));
    await add(writeRelease(join(dir, 'new'), { images: ['rancher/x:1'] }));
    await add(writeRelease(join(dir, 'arm'), { arch: 'arm64' }), 'v1.40.0+k3s1');
    await add(writeImages(join(dir, 'a.tar'), ['a:1']));
    const artifacts = await resolveArtifacts(wanted);
    expect(artifacts).toMatchObject({
      version: VERSION,
      state: 'cached',
      images: ['docker.io/rancher/x:1'],
      extraImages: [{ refs: ['docker.io/library/a:1'] }],
    });
    expect(artifacts.binary.sha256).toBe(sha256(artifacts.binary.path));
    expect(artifacts.airgap?.sha256).toBe(sha256(artifacts.airgap?.path ?? ''));
  });

  it('reads the list of images if the release has one', async () => {
    const { dir, cacheDir, host, wanted } = setUp();
    await addToCache({ path: writeRelease(join(dir, 'r'), { list: ['rancher/y:2', ''] }), cacheDir, host });
    expect((await resolveArtifacts(wanted)).images).toEqual(['docker.io/rancher/y:2']);
    expect(host.runs('tar')).toBe(0);
  });

  it('adds a folder once', async () => {
    const { dir, cacheDir, host, wanted } = setUp();
    await addToCache({ path: writeRelease(join(dir, 'newer'), { version: 'v1.36.0+k3s1' }), cacheDir, host });
    const artifactsDir = writeRelease(join(dir, 'given'));
    expect(await resolveArtifacts({ ...wanted, artifactsDir })).toMatchObject({
      version: VERSION,
      state: 'cached',
    });
    const copies = host.runs('cp');
    expect(await resolveArtifacts({ ...wanted, artifactsDir })).toMatchObject({
      version: VERSION,
      state: 'cached',
    });
    expect(host.runs('cp')).toBe(copies);
  });

  it('adds a folder again after it changed, and refuses one with another version', async () => {
    const { dir, wanted } = setUp();
    const artifactsDir = writeRelease(join(dir, 'given'), { images: ['a:1'] });
    const first = await resolveArtifacts({ ...wanted, artifactsDir });
    writeRelease(artifactsDir, { images: ['a:2', 'b:2'] });
    const second = await resolveArtifacts({ ...wanted, artifactsDir });
    expect(second.images).toEqual(['docker.io/library/a:2', 'docker.io/library/b:2']);
    expect(second.airgap?.sha256).not.toBe(first.airgap?.sha256);
    await expect(
      resolveArtifacts({ ...wanted, artifactsDir, version: 'v1.36.0+k3s1' }),
    ).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('treats a damaged release as missing', async () => {
    const { dir, cacheDir, host, wanted } = setUp();
    await addToCache({ path: writeRelease(join(dir, 'r')), cacheDir, host });
    const entry = join(cacheDir, 'k3s', VERSION, 'amd64');
    const sums = readFileSync(join(entry, 'sha256sum-amd64.txt'), 'utf8');
    writeFileSync(join(entry, 'sha256sum-amd64.txt'), sums.slice(0, 10));
    expect(await resolveArtifacts({ ...wanted, version: VERSION })).toMatchObject({ state: 'to-download' });
    writeFileSync(join(entry, 'sha256sum-amd64.txt'), sums);
    expect(await resolveArtifacts(wanted)).toMatchObject({ version: VERSION, state: 'cached' });
    rmSync(join(entry, 'k3s'));
    expect(await resolveArtifacts(wanted)).toMatchObject({
      version: DEFAULT_K3S_VERSION,
      state: 'to-download',
    });
  });

  it.each([{ offline: true }, { version: 'cached' }])(
    'with %j says how to get the release',
    async (change) => {
      const { wanted } = setUp();
      await expect(resolveArtifacts({ ...wanted, ...change })).rejects.toMatchObject({
        code: 'ARTIFACT_MISSING',
        message: expect.stringMatching(/is not in the cache, and downloads are not allowed\.$/) as string,
        hint: expect.stringContaining(`kglab cache add k3s-${DEFAULT_K3S_VERSION}-amd64`) as string,
      });
    },
  );
});
