import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageCache } from '../../../../src/providers/nspawn/image.js';
import { parseCodename } from '../../../../src/providers/nspawn/recipe.js';
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
});
