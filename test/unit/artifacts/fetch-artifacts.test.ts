import { existsSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchArtifacts, type FetchOptions, probeRelease } from '../../../src/artifacts/fetch-artifacts.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { leftovers, sha256, tempDir, TestHost, VERSION, writeRelease, writeSums } from './fake-release.js';
import { serve, serveRelease, type TestServer } from './release-server.js';

const AIRGAP = 'k3s-airgap-images-amd64.tar.zst';

const setUp = async (special: Readonly<Record<string, RequestListener>> = {}) => {
  const dir = tempDir();
  const release = writeRelease(join(dir, 'release'), { images: ['busybox:1.37'] });
  const server = await serveRelease(release, special);
  return { release, server, cacheDir: join(dir, 'cache'), options: optionsFor(server, join(dir, 'cache')) };
};

const optionsFor = ({ url }: Pick<TestServer, 'url'>, cacheDir: string) =>
  ({
    version: VERSION,
    arch: 'amd64',
    cacheDir,
    host: new TestHost(),
    fetch: (address, init) => fetch(address, init),
    clock: new FakeClock(),
    baseUrl: `${url}/`,
  }) satisfies FetchOptions;

const expectUntouched = (cacheDir: string) => {
  expect(existsSync(join(cacheDir, 'k3s', VERSION))).toBe(false);
  if (existsSync(cacheDir)) expect(leftovers(cacheDir)).toEqual([]);
};

describe('fetchArtifacts', () => {
  it('downloads a release once', async () => {
    const { release, server, cacheDir, options } = await setUp();
    const artifacts = await fetchArtifacts(options);
    expect(artifacts).toMatchObject({
      version: VERSION,
      state: 'cached',
      images: ['docker.io/library/busybox:1.37'],
      airgap: { fileName: AIRGAP, sha256: sha256(join(release, AIRGAP)) },
    });
    expect(sha256(artifacts.binary.path)).toBe(sha256(join(release, 'k3s')));
    const asked = ['sha256sum-amd64.txt', 'k3s-images.txt', 'k3s', AIRGAP];
    expect(server.asked).toEqual(asked.map((name) => `/v1.20.2%2Bk3s1/${name}`));
    expect(leftovers(cacheDir)).toEqual([]);
    expect(await fetchArtifacts(options)).toEqual(artifacts);
    expect(server.asked).toHaveLength(asked.length);
  });

  it('downloads the .tar.gz or .tar bundle when the release has no .zst', async () => {
    const { release, options } = await setUp();
    writeFileSync(join(release, 'k3s-airgap-images-amd64.tar'), 'x'.repeat(10_240));
    writeFileSync(join(release, 'k3s-images.txt'), 'rancher/x:1\n');
    writeSums(release);
    const { checksums, binary } = await probeRelease(options);
    const lines = [...checksums].filter(([name]) => name !== AIRGAP).map(([name, sum]) => `${sum}  ${name}`);
    writeFileSync(join(release, 'sha256sum-amd64.txt'), lines.join('\n'));
    expect(binary.fileName).toBe('k3s');
    expect((await fetchArtifacts(options)).airgap?.fileName).toBe('k3s-airgap-images-amd64.tar');
  });

  it.each(['k3s', AIRGAP])('refuses %s with a wrong checksum and leaves no files', async (name) => {
    const { cacheDir, options, server, release } = await setUp({
      [name]: (_, response) => response.end('other'),
    });
    await expect(fetchArtifacts(options)).rejects.toMatchObject({
      code: 'ARTIFACT_CHECKSUM',
      message: expect.stringContaining(`${server.url}/v1.20.2%2Bk3s1/${name}`) as string,
      details: [`expected ${sha256(join(release, name))}`, expect.stringMatching(/^actual {3}[0-9a-f]{64}$/)],
    });
    expectUntouched(cacheDir);
  });

  it('throws when the body is incomplete', async () => {
    const { cacheDir, options } = await setUp({
      [AIRGAP]: (_, response) => {
        response.setHeader('content-length', 1000).write('x'.repeat(10), () => response.destroy());
      },
    });
    await expect(fetchArtifacts(options)).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      message: expect.stringContaining(`${AIRGAP} could not be downloaded`) as string,
    });
    expectUntouched(cacheDir);
  });

  it('throws with the way out when the server does not have the release', async () => {
    const { cacheDir, options } = await setUp({
      'sha256sum-amd64.txt': (_, response) => response.writeHead(404).end('Not Found'),
    });
    await expect(fetchArtifacts(options)).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      message: expect.stringContaining('the server answered 404 Not Found') as string,
      hint: [
        'On a computer with internet access:',
        '  mkdir k3s-v1.20.2+k3s1-amd64 && cd k3s-v1.20.2+k3s1-amd64',
        '  curl -fLO https://github.com/k3s-io/k3s/releases/download/v1.20.2%2Bk3s1/k3s',
        '  curl -fLO https://github.com/k3s-io/k3s/releases/download/v1.20.2%2Bk3s1/sha256sum-amd64.txt',
        '  curl -fLO https://github.com/k3s-io/k3s/releases/download/v1.20.2%2Bk3s1/k3s-airgap-images-amd64.tar',
        '  curl -fLO https://github.com/k3s-io/k3s/releases/download/v1.20.2%2Bk3s1/k3s-images.txt',
        'Copy the folder to this host, then:',
        '  kglab cache add k3s-v1.20.2+k3s1-amd64',
      ].join('\n'),
    });
    expectUntouched(cacheDir);
  });

  it('ignores a missing optional file, but not a failing server', async () => {
    const { cacheDir, options } = await setUp({
      'k3s-images.txt': (_, response) => response.writeHead(503).end(),
    });
    await expect(fetchArtifacts(options)).rejects.toMatchObject({
      message: expect.stringContaining(
        'k3s-images.txt could not be downloaded: the server answered 503',
      ) as string,
    });
    expectUntouched(cacheDir);
  });

  it('throws the reason of an abort during a file and leaves no files', async () => {
    const [abort, reason] = [new AbortController(), new Error('enough')];
    const { cacheDir, options } = await setUp({
      [AIRGAP]: (_, response) => {
        response.write('x', () => abort.abort(reason));
      },
    });
    await expect(fetchArtifacts({ ...options, signal: abort.signal })).rejects.toBe(reason);
    expectUntouched(cacheDir);
  });

  it('gives up on a silent server, however long the download took before', async () => {
    const clock = new FakeClock();
    const { cacheDir, options } = await setUp({
      [AIRGAP]: (_, response) => {
        response.write('x', () => void clock.advance(30_000));
      },
    });
    await expect(fetchArtifacts({ ...options, clock })).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      message: expect.stringContaining('no data for 30 s') as string,
    });
    expectUntouched(cacheDir);
  });

  it('downloads the same release twice in parallel', async () => {
    const { cacheDir, options } = await setUp();
    const [a, b] = await Promise.all([fetchArtifacts(options), fetchArtifacts(options)]);
    expect(a).toEqual(b);
    expect(sha256(a.binary.path)).toBe(a.binary.sha256);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('reports progress at most once a second', async () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const { options } = await setUp();
    await fetchArtifacts({ ...options, clock, onLine: (line) => lines.push(line) });
    expect(lines).toEqual([expect.stringMatching(/^k3s: 0\.0 of 0\.0 MB \(100 %\)$/)]);
  });
});

describe('probeRelease', () => {
  it('downloads only the checksum file', async () => {
    const { server, release, options } = await setUp();
    const { airgap } = await probeRelease(options);
    expect(airgap).toEqual({ fileName: AIRGAP, sha256: sha256(join(release, AIRGAP)) });
    expect(server.asked).toEqual(['/v1.20.2%2Bk3s1/sha256sum-amd64.txt']);
  });

  it('throws with the reason when the server cannot be reached', async () => {
    const { server, options } = await setUp();
    await server.close();
    await expect(probeRelease(options)).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      message: expect.stringContaining('connect ECONNREFUSED 127.0.0.1') as string,
      hint: expect.stringContaining('kglab cache add') as string,
    });
  });

  it('refuses a page without checksums that answers 200', async () => {
    const portal = await serve((_, response) => response.end('<html>Please log in</html>'));
    await expect(probeRelease(optionsFor(portal, tempDir()))).rejects.toMatchObject({
      code: 'ARTIFACT_CHECKSUM',
    });
  });

  it('gives up after 10 s of silence', async () => {
    const clock = new FakeClock();
    const silent = await serve(() => void clock.advance(10_000));
    await expect(probeRelease({ ...optionsFor(silent, tempDir()), clock })).rejects.toMatchObject({
      message: expect.stringContaining('no data for 10 s') as string,
    });
  });
});
