import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What bundled CommonJS packages need in an ES module. */
const BANNER =
  "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

/** Bundles the stand-in into a folder of its own, to be put in front of PATH. Returns that folder. */
export const buildStandin = async (): Promise<string> => {
  const bin = await mkdtemp(join(tmpdir(), 'multipass-standin-'));
  await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outdir: join(bin, 'lib'),
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', minify: true },
    banner: { js: BANNER },
    logLevel: 'warning',
  });
  const program = join(bin, 'multipass');
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${join(bin, 'lib/main.mjs')} "$@"\n`);
  await chmod(program, 0o755);
  return bin;
};
