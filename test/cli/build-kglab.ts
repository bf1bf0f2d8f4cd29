import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the built program. */
    kglab: string;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders of the packages that kglab needs when it runs. */
const packages = (): readonly string[] => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.entries(lock.packages).flatMap(([path, { dev }]) => (path === '' || dev ? [] : path));
};

/**
 * Builds kglab once for all tests, in a folder of its own: nobody else's build comes in between. What it needs is copied
 * there: tests without root run it too, and the clone may be below a folder that is closed to others, as /root is.
 */
export const setup = (project: TestProject): (() => void) => {
  const home = mkdtempSync(join(tmpdir(), 'kglab-built-'));
  for (const path of ['package.json', 'templates', 'cloud-init', ...packages()])
    cpSync(join(ROOT, path), join(home, path), { recursive: true });
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], {
    env: { ...process.env, KGLAB_DIST: join(home, 'dist') },
    stdio: 'inherit',
  });
  execFileSync('chmod', ['-R', 'a+rX', home]);
  project.provide('kglab', join(home, 'dist', 'main.js'));
  return () => rmSync(home, { recursive: true, force: true });
};
