import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addToCache } from '../../../src/artifacts/add-to-cache.js';
import { listCache } from '../../../src/artifacts/list-cache.js';
import {
  leftovers,
  sha256,
  tempDir,
  TestHost,
  VERSION,
  writeImages,
  writeRelease,
  writeSums,
} from './fake-release.js';

const setUp = () => {
  const dir = tempDir();
  return { from: join(dir, 'from'), cacheDir: join(dir, 'cache'), host: new TestHost() };
};

const entryDir = (cacheDir: string, arch = 'amd64') => join(cacheDir, 'k3s', VERSION, arch);

describe('addToCache with a release folder', () => {
  it('verifies and copies it, with the version that the binary reports', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from, { list: ['docker.io/rancher/mirrored-pause:3.6'] });
    const path = entryDir(cacheDir);
    expect(await addToCache({ path: from, cacheDir, host })).toEqual([
      { kind: 'release', version: VERSION, arch: 'amd64', path, already: false },
    ]);
    for (const name of ['k3s', 'k3s-airgap-images-amd64.tar.zst', 'sha256sum-amd64.txt', 'k3s-images.txt'])
      expect(sha256(join(path, name))).toBe(sha256(join(from, name)));
    expect(statSync(join(path, 'k3s')).mode & 0o777).toBe(0o755);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('returns `already` for a release that the cache has', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    await addToCache({ path: from, cacheDir, host });
    expect(await addToCache({ path: from, cacheDir, host })).toMatchObject([{ already: true }]);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it.each(['truncated', 'removed'])('replaces an entry whose binary was %s', async (harm) => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    await addToCache({ path: from, cacheDir, host });
    const binary = join(entryDir(cacheDir), 'k3s');
    if (harm === 'truncated') writeFileSync(binary, '#!');
    else rmSync(binary);
    expect(await addToCache({ path: from, cacheDir, host })).toMatchObject([{ already: false }]);
    expect(sha256(binary)).toBe(sha256(join(from, 'k3s')));
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('adds the same release several times in parallel', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    const all = await Promise.all(
      Array.from({ length: 5 }, () => addToCache({ path: from, cacheDir, host })),
    );
    expect(all.flat().filter((added) => !added.already)).toHaveLength(1);
    expect(sha256(join(entryDir(cacheDir), 'k3s'))).toBe(sha256(join(from, 'k3s')));
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('adds both architectures, with the version from the binary that runs here', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from, { arch: 'arm64' });
    writeRelease(from);
    // The binary of the other architecture must never be run: this one would tell another version.
    writeFileSync(join(from, 'k3s-arm64'), `#!/bin/sh\necho 'k3s version v9.9.9+k3s9 (x)'\n`);
    writeSums(from, 'arm64');
    const added = await addToCache({ path: from, cacheDir, host });
    expect(added).toMatchObject([
      { arch: 'amd64', version: VERSION },
      { arch: 'arm64', version: VERSION },
    ]);
  });

  it('asks for the version of a release for another architecture', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from, { arch: 'arm64' });
    await expect(addToCache({ path: from, cacheDir, host })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining(`kglab cache add ${from} --arch arm64 --version`) as string,
    });
    expect(leftovers(cacheDir)).toEqual([]);
    expect(await addToCache({ path: from, cacheDir, host, version: VERSION })).toMatchObject([
      { arch: 'arm64' },
    ]);
  });

  it('refuses a version that differs from the binary, and one that is a path', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    const add = (version: string) => addToCache({ path: from, cacheDir, host, version });
    await expect(add('v1.21.0+k3s1')).rejects.toMatchObject({
      code: 'USAGE',
      message: `${join(from, 'k3s')} is k3s ${VERSION}, not v1.21.0+k3s1.`,
    });
    await expect(add('../../x')).rejects.toMatchObject({ code: 'USAGE' });
    expect(await listCache({ cacheDir, host })).toEqual([]);
  });

  it('lists the missing files', async () => {
    const { from, cacheDir, host } = setUp();
    mkdirSync(from);
    await expect(addToCache({ path: from, cacheDir, host })).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
      details: ['missing: k3s', 'missing: sha256sum-amd64.txt', 'missing: k3s-airgap-images-amd64.tar.zst'],
    });
  });

  it.each(['k3s', 'k3s-airgap-images-amd64.tar.zst'])('refuses a wrong checksum of %s', async (name) => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    const expected = sha256(join(from, name));
    writeFileSync(join(from, name), 'damaged');
    await expect(addToCache({ path: from, cacheDir, host })).rejects.toMatchObject({
      code: 'ARTIFACT_CHECKSUM',
      message: `${join(from, name)} has the wrong checksum.`,
      details: [`expected ${expected}`, `actual   ${sha256(join(from, name))}`],
    });
    expect(host.commands.filter(({ args }) => args.includes('--version'))).toEqual([]);
    expect(existsSync(entryDir(cacheDir))).toBe(false);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('refuses a checksum file without the archive before it copies anything', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    const sums = join(from, 'sha256sum-amd64.txt');
    writeFileSync(sums, readFileSync(sums, 'utf8').replace(/.*airgap.*\n/, ''));
    await expect(addToCache({ path: from, cacheDir, host })).rejects.toMatchObject({
      code: 'ARTIFACT_CHECKSUM',
      message: `${sums} has no checksum for k3s-airgap-images-amd64.tar.zst.`,
    });
    expect(host.runs('cp')).toBe(0);
  });

  it('throws the reason of an abort and leaves no files', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    const reason = new Error('enough');
    const adding = addToCache({ path: from, cacheDir, host, signal: AbortSignal.abort(reason) });
    await expect(adding).rejects.toBe(reason);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('removes folders of killed runs (of another host after a day), not those in use', async () => {
    const { from, cacheDir, host } = setUp();
    writeRelease(from);
    const dead = `.tmp-${hostname()}~1~12345~aaaaaa`;
    for (const name of ['.tmp-old', '.tmp-new', dead])
      mkdirSync(join(cacheDir, name, 'entry'), { recursive: true });
    const now = Date.parse('2026-01-10T00:00:00Z');
    utimesSync(join(cacheDir, '.tmp-old'), new Date(now), new Date(now - 25 * 3600_000));
    utimesSync(join(cacheDir, '.tmp-new'), new Date(now), new Date(now - 3600_000));
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    await addToCache({ path: from, cacheDir, host, clock });
    expect(leftovers(cacheDir)).toEqual(['.tmp-new', '.tmp-new/entry']);
  });
});

describe('addToCache with an image archive', () => {
  it('names it by its checksum, with the ending that k3s needs', async () => {
    const { from, cacheDir, host } = setUp();
    mkdirSync(from);
    const path = writeImages(join(from, 'my busybox.tgz'), ['busybox:1.37'], '--gzip');
    const fileName = `${sha256(path).slice(0, 12)}-my_busybox.tar.gz`;
    const added = {
      kind: 'image',
      path: join(cacheDir, 'images', fileName),
      fileName,
      refs: ['docker.io/library/busybox:1.37'],
    };
    expect(await addToCache({ path, cacheDir, host })).toEqual([{ ...added, already: false }]);
    const renamed = join(from, 'other.tar.gz');
    writeFileSync(renamed, readFileSync(path));
    expect(await addToCache({ path: renamed, cacheDir, host })).toEqual([{ ...added, already: true }]);
    writeFileSync(added.path, 'damaged');
    expect(await addToCache({ path, cacheDir, host })).toEqual([{ ...added, already: false }]);
    expect(sha256(added.path)).toBe(sha256(path));
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('adds the same archive twice in parallel', async () => {
    const { from, cacheDir, host } = setUp();
    mkdirSync(from);
    const path = writeImages(join(from, 'a.tar'), ['a:1']);
    await Promise.all([addToCache({ path, cacheDir, host }), addToCache({ path, cacheDir, host })]);
    expect(await listCache({ cacheDir, host })).toMatchObject([
      { kind: 'image', refs: ['docker.io/library/a:1'] },
    ]);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it.each([
    ['a file that is no archive', (path: string) => writeFileSync(path, 'hello')],
    ['an archive of images without names', (path: string) => writeImages(path, [])],
  ])('refuses %s', async (_what, write) => {
    const { from, cacheDir, host } = setUp();
    mkdirSync(from);
    write(join(from, 'x.tar'));
    await expect(addToCache({ path: join(from, 'x.tar'), cacheDir, host })).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
    });
    expect(await listCache({ cacheDir, host })).toEqual([]);
  });

  it('throws ARTIFACT_MISSING when the path does not exist', async () => {
    const { from, cacheDir, host } = setUp();
    await expect(addToCache({ path: from, cacheDir, host })).rejects.toMatchObject({
      code: 'ARTIFACT_MISSING',
    });
  });
});
