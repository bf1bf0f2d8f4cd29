import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../../../src/exec/command.js';
import { HostExecutor } from '../../../../src/exec/host-executor.js';
import { BAKE, ImageCache } from '../../../../src/providers/nspawn/image.js';
import { parseCodename } from '../../../../src/providers/nspawn/recipe.js';
import { startOf } from '../../../../src/exec/lock.js';
import { ScriptedExecutor, wordsOf } from '../../../helpers/scripted-executor.js';

const suite = parseCodename(readFileSync('/etc/os-release', 'utf8'));

let cacheDir = '';
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'kglab-image-'));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

describe.skipIf(suite === undefined)('making the image (skipped where releases have no name)', () => {
  it('shows a password of the proxy to apt, and to nobody else', async () => {
    let conf = '';
    const host = new ScriptedExecutor('host')
      .on('apt-config dump', 'Acquire::http::Proxy "http://me:s3cret@proxy.test:3128";\n')
      .on(/^apt-get indextargets/, `Debian|http://mirror.test/debian|${suite}|main|/nowhere:1\n`)
      .on(/^flock .* mmdebstrap /s, async (command) => {
        const file = /--aptopt=(\S+)/.exec(wordsOf(command))?.[1] ?? '';
        expect((await stat(file)).mode & 0o777).toBe(0o600);
        expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
        conf = await readFile(file, 'utf8');
        return '';
      });
    await new ImageCache(host, cacheDir, 'default').bake();
    expect(conf).toContain('Acquire::http::Proxy "http://me:s3cret@proxy.test:3128";\n');
    expect(conf).toContain('Acquire::Languages "none";\n');
    for (const { command } of host.calls) {
      expect(wordsOf(command)).not.toContain('s3cret');
      if (command.file === 'apt-config') expect(command.private).toBe(true);
    }
    expect(await readdir(cacheDir)).toEqual([]);
  });

  /** A cache in which the image is there, and a host that really removes. */
  const withImage = async (): Promise<ImageCache> => {
    const host = new HostExecutor();
    const cache = new ImageCache(host, cacheDir, 'default', {
      now: () => NOW,
      sleep: () => Promise.resolve(),
    });
    await mkdir(await cache.path(), { recursive: true });
    return cache;
  };
  const NOW = Date.parse('2026-01-10T00:00:00Z');
  const names = async (): Promise<readonly string[]> =>
    (await readdir(cacheDir)).filter((name) => /^[.](files|making)-/.test(name)).sort();

  it('begins with removing what killed bakes have left, and leaves what another one works on', async () => {
    const cache = await withImage();
    const dead = `.files-img~${hostname()}~1~12345~aaaaaa`;
    const living = `.files-img~${hostname()}~${process.pid}~${await startOf(process.pid)}~bbbbbb`;
    const elsewhere = '.files-img~another-host~1~12345~cccccc';
    for (const name of [dead, living, elsewhere, '.files-dddddd', '.making-img'])
      await mkdir(join(cacheDir, name, 'etc'), { recursive: true });
    for (const name of [elsewhere, '.files-dddddd'])
      await utimes(join(cacheDir, name), new Date(NOW), new Date(NOW - 3600_000));
    await cache.bake();
    expect(await names()).toEqual(['.files-dddddd', elsewhere, living].sort());
    for (const name of [elsewhere, '.files-dddddd'])
      await utimes(join(cacheDir, name), new Date(NOW), new Date(NOW - 25 * 3600_000));
    await cache.bake();
    expect(await names()).toEqual([living]);
  });

  it('leaves the files of a bake that has outlived its kglab', async () => {
    const cache = await withImage();
    const dead = `.files-img~${hostname()}~1~12345~aaaaaa`;
    for (const name of [dead, '.making-img']) await mkdir(join(cacheDir, name));
    const bake = spawn('flock', [join(cacheDir, '.lock-img'), 'sh', '-c', 'echo up; exec sleep 60']);
    try {
      await once(bake.stdout, 'data');
      await cache.bake();
      expect(await names()).toEqual([dead, '.making-img']);
    } finally {
      bake.kill();
    }
  });
});

describe('a bake that fails', () => {
  it('leaves nothing of the image, which may hold passwords', async () => {
    const [final, tmp, files] = ['image', '.making', 'files'].map((name) => join(cacheDir, name));
    const words = ['sh', '-c', 'mkdir -p "$0/etc/apt/auth.conf.d"; echo no >&2; exit 3', tmp ?? ''];
    const result = await new HostExecutor().exec(sh(BAKE, final ?? '', tmp ?? '', files ?? '', ...words));
    expect(result).toMatchObject({ exitCode: 3, stderr: 'no\n' });
    expect(await readdir(cacheDir)).toEqual([]);
  });
});
