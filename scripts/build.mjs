#!/usr/bin/env node
// Bundles src/cli/main.ts into dist/ (or the folder KGLAB_DIST). Dynamic imports become chunks of their own, so that
// `kglab version` loads next to nothing. Dependencies stay outside the bundle.
import { chmod, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = process.env.KGLAB_DIST || join(root, 'dist');

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts'],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  // The scripts for machines, src/guest/*.sh, are part of the program.
  loader: { '.sh': 'text' },
  sourcemap: 'linked',
  metafile: true,
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
}).catch(() => process.exit(1)); // esbuild has said what is wrong
await chmod(join(dist, 'main.js'), 0o755);

// Chunks of earlier builds go only now: a kglab that started a moment ago may still load one of the new ones.
const fresh = new Set(Object.keys(metafile.outputs).map((file) => relative(dist, join(root, file))));
for (const file of await readdir(dist)) if (!fresh.has(file)) await rm(join(dist, file), { recursive: true });
