#!/usr/bin/env node
// How much `kglab up` costs over a bare script that runs the same commands: both in turn, on nspawn machines, with image
// and k3s release in the cache. Prints each time and the ratio of the medians; exits with 1 above the limit.
// usage: node scripts/bench/bench.mjs [rounds]
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { $, path } from 'zx';

/** The most that order, checks, proofs of ownership and resumability may cost. */
const LIMIT = 1.3;

const root = path.resolve(import.meta.dirname, '../..');
const rounds = Number(process.argv[2] ?? 3);
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kglab');
const kglab = ['node', join(root, 'dist/main.js')];
$.verbose = false;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The newest k3s release in the cache; the bare script takes the very same files. */
const release = async () => {
  const { stdout } = await $`${kglab} cache list -o json`;
  const found = JSON.parse(stdout).find(({ kind }) => kind === 'release');
  if (found === undefined)
    throw new Error('no k3s release in the cache: run npm run demo or kglab cache add first');
  return found.path;
};

/** The root file system of the machines; the directory of an image is that itself. */
const image = async () => {
  const [name] = (await readdir(join(cache, 'images'))).filter(
    (entry) => !entry.startsWith('.') && !/\.(lock|tmp)$/.test(entry),
  );
  if (name === undefined) throw new Error('no machine image in the cache: run npm run demo first');
  return join(cache, 'images', name);
};

const timeKglab = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kglab-bench-'));
  await writeFile(join(dir, 'lab.yaml'), 'name: bench\nprovider: nspawn\nnetwork: {internet: off}\n');
  const began = Date.now();
  try {
    await $({ cwd: dir })`${kglab} up -q -o json`;
    return (Date.now() - began) / 1000;
  } finally {
    await $({ cwd: dir, nothrow: true })`${kglab} down --yes`;
    await rm(dir, { recursive: true, force: true });
  }
};

const timeBare = async () =>
  Number(
    (
      await $`bash ${join(root, 'scripts/bench/bare.sh')} ${await image()} ${await release()} ${join(root, 'templates')}`
    ).stdout,
  );

const times = { bare: [], kglab: [] };
for (let round = 1; round <= rounds; round += 1) {
  times.bare.push(await timeBare());
  times.kglab.push(await timeKglab());
  console.log(
    `round ${round}: bare script ${times.bare.at(-1).toFixed(1)} s, kglab up ${times.kglab.at(-1).toFixed(1)} s`,
  );
}
const ratio = median(times.kglab) / median(times.bare);
console.log(`kglab up takes ${ratio.toFixed(2)}x the bare script (medians of ${rounds}; limit ${LIMIT}x)`);
process.exitCode = ratio > LIMIT ? 1 : 0;
