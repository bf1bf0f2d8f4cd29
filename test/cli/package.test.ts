import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderPlan } from '../../src/engine/plan.js';
import { planUp } from '../../src/recipe/up.js';
import { Home, type Ran } from '../helpers/run-kglab.js';
import { labOf } from '../helpers/step-context.js';
import type { Summary } from '../helpers/summary.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Top folders that a clone does not have, or that no package needs. */
const LEFT_OUT = new Set(['.git', 'coverage', 'dist', 'node_modules', 'test']);

/** A busy host may take that long to copy, build, pack and unpack. */
const PACK_MS = 180_000;

const filesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();

/** Packs a copy of the repository: `prepare` builds in it, and leaves the dist/ of this clone alone. */
const pack = (dir: string): string => {
  const clone = join(dir, 'clone');
  cpSync(ROOT, clone, {
    recursive: true,
    filter: (from) => !LEFT_OUT.has(relative(ROOT, from).split(sep)[0] ?? ''),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  execFileSync('npm', ['pack', '--offline', '--pack-destination', dir], {
    cwd: clone,
    env: { ...process.env, npm_config_cache: join(dir, 'npm-cache'), npm_config_update_notifier: 'false' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return join(dir, readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? 'no tarball');
};

/** Unpacks a tarball as an installation would have it: of the packages here, it can import its `dependencies` alone. */
const install = (tarball: string, dir: string): string => {
  mkdirSync(dir, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', dir]);
  const installed = join(dir, 'package');
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(installed, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link);
  }
  return installed;
};

describe('the package that npm pack creates', () => {
  let dir: string;
  let installed: string;
  let home: Home;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kglab-pack-'));
    home = new Home();
    // A path that looks like that of the sources.
    installed = install(pack(dir), join(dir, 'src', 'cli'));
  }, PACK_MS);
  afterAll(() => {
    home.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  const kglab = (...args: string[]): Promise<Ran> =>
    home.kglab(args, { main: join(installed, 'dist', 'main.js') });

  it('has the build, every template and the cloud-init data, but no tests', () => {
    const files = filesBelow(installed);
    const texts = ['templates', 'cloud-init'].flatMap((folder) =>
      filesBelow(join(ROOT, folder)).map((file) => `${folder}/${file}`),
    );
    expect(texts.length).toBeGreaterThan(5);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/main.js', ...texts]));
    expect(files.filter((file) => /^test\/|\.test\.ts$/.test(file))).toEqual([]);
  });

  it('has every script for machines in the build', () => {
    const build = filesBelow(join(installed, 'dist'))
      .filter((file) => file.endsWith('.js'))
      .map((file) => readFileSync(join(installed, 'dist', file), 'utf8'))
      .join('\n');
    const scripts = filesBelow(join(ROOT, 'src/guest')).filter((file) => file.endsWith('.sh'));
    expect(scripts.length).toBeGreaterThan(10);
    for (const script of scripts) {
      // The longest line that JavaScript need not escape.
      const [line = ''] = readFileSync(join(ROOT, 'src/guest', script), 'utf8')
        .split('\n')
        .filter((one) => /^[\w #.,:;()=/-]{20,}$/.test(one))
        .sort((a, b) => b.length - a.length);
      expect([script, line !== '' && build.includes(line)]).toEqual([script, true]);
    }
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await kglab('version')).toEqual({ exitCode: 0, stdout: `kglab ${version}\n`, stderr: '' });
  });

  it('plans the lab of another folder', async () => {
    const yaml = 'name: packed\nnodes: 3\n';
    home.write('lab.yaml', yaml);
    const plan = renderPlan(planUp(labOf(yaml)), 'json');
    expect(await kglab('plan', '-o', 'json')).toEqual({ exitCode: 0, stdout: plan, stderr: '' });
  });

  it('creates a whole lab on the simulator', async () => {
    home.write('lab.yaml', 'name: packed\nnodes: 3\n');
    const { exitCode, stdout, stderr } = await kglab('up', '--provider', 'simulator', '-o', 'json');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const { steps } = JSON.parse(stdout) as Summary;
    expect(steps.find(({ id }) => id === 'smoke.run')?.outcome).toBe('changed');
    expect(existsSync(join(home.state, 'labs', 'packed', 'lab.json'))).toBe(true);
  });
});
