import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
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

/** Builds kglab once for all tests, in a folder of its own: nobody else's build comes in between. */
export const setup = (project: TestProject): (() => void) => {
  const home = mkdtempSync(join(tmpdir(), 'kglab-built-'));
  // Tests without root run it too.
  chmodSync(home, 0o755);
  for (const name of ['package.json', 'templates', 'cloud-init', 'node_modules'])
    symlinkSync(join(ROOT, name), join(home, name));
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], {
    env: { ...process.env, KGLAB_DIST: join(home, 'dist') },
    stdio: 'inherit',
  });
  project.provide('kglab', join(home, 'dist', 'main.js'));
  return () => rmSync(home, { recursive: true, force: true });
};
