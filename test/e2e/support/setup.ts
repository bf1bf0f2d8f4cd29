import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { cacheHome } from './cache-home.js';

const root = resolve(import.meta.dirname, '../../..');

/**
 * Prepares the host once for all end-to-end tests: `kglab doctor --fix` installs packages; the k3s stand-in is built from
 * Debian packages, once per host, into a separate cache. Takes minutes the first time, seconds afterwards.
 */
export default function setup(): void {
  if (process.getuid?.() !== 0) return;
  const env = { ...process.env, XDG_CACHE_HOME: cacheHome };
  const kglab = (...args: string[]): void =>
    void execFileSync('node', ['dist/main.js', ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  kglab('doctor', '--provider', 'nspawn', '--fix', '--yes');
  const output = execFileSync('bash', ['test/k3s-standin/build.sh'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  kglab('cache', 'add', output.trim().split('\n').at(-1) ?? '');
}
