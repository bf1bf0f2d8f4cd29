import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveImages } from '../../../src/artifacts/image-archives.js';
import { tempDir, TestHost, writeImages, writeTar } from './fake-release.js';

describe('archiveImages', () => {
  it.each([['--zstd'], ['--gzip'], ['--format=gnu']])(
    'reads a docker-archive made with %s',
    async (option) => {
      // The name lies about the compression, and looks like a remote host to tar.
      const path = writeImages(join(tempDir(), 'busybox:1.bin'), ['busybox:1.37', 'rancher/x:1'], option);
      expect(await archiveImages(new TestHost(), path)).toEqual([
        'docker.io/library/busybox:1.37',
        'docker.io/rancher/x:1',
      ]);
    },
  );

  it('reads an OCI archive, and ignores a reference that is only a tag', async () => {
    const named = (annotations: Record<string, string>) => ({ annotations });
    const manifests = [
      named({
        'io.containerd.image.name': 'docker.io/library/a:1',
        'org.opencontainers.image.ref.name': '1',
      }),
      named({ 'org.opencontainers.image.ref.name': 'quay.io/b/c:2' }),
      named({ 'org.opencontainers.image.ref.name': 'latest' }),
      {},
    ];
    const path = writeTar(join(tempDir(), 'oci.tar'), { 'oci-layout': {}, 'index.json': { manifests } });
    expect(await archiveImages(new TestHost(), path)).toEqual(['docker.io/library/a:1', 'quay.io/b/c:2']);
  });

  it('reads index.json when manifest.json has no references', async () => {
    const path = writeTar(join(tempDir(), 'both.tar'), {
      'manifest.json': [{ RepoTags: null }],
      'index.json': { manifests: [{ annotations: { 'io.containerd.image.name': 'a:1' } }] },
    });
    expect(await archiveImages(new TestHost(), path)).toEqual(['docker.io/library/a:1']);
  });

  it('reads an archive once, and again after it changed', async () => {
    const [host, path] = [new TestHost(), join(tempDir(), 'a.tar')];
    writeImages(path, ['a:1']);
    await archiveImages(host, path);
    const runs = host.runs('tar');
    expect(await archiveImages(host, path)).toEqual(['docker.io/library/a:1']);
    expect(host.runs('tar')).toBe(runs);
    writeImages(path, ['a:2', 'b:2']);
    expect(await archiveImages(host, path)).toEqual(['docker.io/library/a:2', 'docker.io/library/b:2']);
  });

  it('reads the archive again when the cached list is damaged', async () => {
    const path = writeImages(join(tempDir(), 'a.tar'), ['a:1']);
    writeFileSync(`${path}.refs.json`, '{"size":');
    expect(await archiveImages(new TestHost(), path)).toEqual(['docker.io/library/a:1']);
  });

  it('shows the output of tar for a damaged archive and caches nothing', async () => {
    const path = join(tempDir(), 'a.tar');
    writeFileSync(path, 'not a tar');
    await expect(archiveImages(new TestHost(), path)).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      message: `${path} is not a readable image archive: tar ended with exit code 2`,
      details: expect.arrayContaining([expect.stringContaining('tar:')]) as string[],
    });
    expect(existsSync(`${path}.refs.json`)).toBe(false);
  });
});
