#!/usr/bin/env node
// `npm run demo`: the main job on whatever this machine allows, told as it goes.
// In this order: multipass, where it is installed; system containers (nspawn) with a k3s release that is in the cache
// or can be downloaded; system containers with the k3s stand-in of the tests, which is built once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { $, fs, path } from 'zx';

const root = path.resolve(import.meta.dirname ?? '.', '..');
const kglab = ['node', path.join(root, 'dist/main.js')];
const NAME = 'demo';

const say = (text) => console.error(text);

/** Runs kglab on this terminal; resolves to whether it succeeded. */
const run = async (...args) =>
  (await $({ stdio: 'inherit', nothrow: true })`${kglab} ${args}`).exitCode === 0;

/** Runs a command for its answer alone. */
const ask = (...args) => $({ nothrow: true, quiet: true })`${args}`;

/** Whether multipass is there, if only to say that its service is down. As a snap, it may only stand in the home folder. */
const hasMultipass = async () =>
  (await $({ nothrow: true, quiet: true, cwd: homedir() })`multipass version`).exitCode !== 127;

const fail = (...lines) => {
  for (const line of lines) say(line);
  process.exit(20);
};

/** Whether the k3s project's releases can be reached. A short wait: offline hosts answer at once or never. */
const canDownload = async () => {
  const url = process.env.KGLAB_K3S_URL ?? 'https://github.com/k3s-io/k3s/releases';
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
    return true;
  } catch {
    return false;
  }
};

const cachedRelease = async () => {
  const { stdout } = await ask(...kglab, 'cache', 'list', '-o', 'json');
  return JSON.parse(stdout || '[]').find(({ kind }) => kind === 'release')?.version;
};

/** Builds the stand-in (a few minutes, once per host) and puts it into the cache like any release. */
const buildStandIn = async () => {
  say('No k3s release is in the cache, and none can be downloaded here.');
  say(
    "Building the k3s STAND-IN of kglab's tests from Debian packages instead (once; about 6 minutes on 2 cores).",
  );
  say('It is a real Kubernetes 1.20.2 in the layout of a k3s release, but it is not k3s.');
  const { stdout } = await $({
    stdio: ['ignore', 'pipe', 'inherit'],
  })`bash ${path.join(root, 'test/k3s-standin/build.sh')}`;
  const dir = stdout.trim().split('\n').at(-1);
  if (!(await run('cache', 'add', dir))) fail('The stand-in could not be added to the cache.');
};

/** What the lab file of the demo says beyond the defaults. */
const choose = async () => {
  if (await hasMultipass()) return { provider: 'multipass', standIn: false };
  if (process.platform !== 'linux') {
    fail(
      'Without multipass, kglab needs Linux: install multipass (https://canonical.com/multipass) and try again.',
    );
  }
  if (process.getuid() !== 0) {
    fail('Without multipass, kglab makes system containers, which takes root. Try again: sudo npm run demo');
  }
  if (!(await run('doctor', '--provider', 'nspawn', '--fix', '--yes')))
    fail('This host is not ready: see the list above.');
  if ((await cachedRelease()) === undefined && !(await canDownload())) await buildStandIn();
  const version = await cachedRelease();
  return { provider: 'nspawn', standIn: version === 'v1.20.2+k3s1' };
};

const main = async () => {
  if (!(await fs.pathExists(path.join(root, 'dist/main.js')))) fail('kglab is not built: run npm ci first.');
  const { provider, standIn } = await choose();
  const work = await mkdtemp(join(tmpdir(), 'kglab-demo-'));
  const file = join(work, 'lab.yaml');
  // The stand-in brings all images it needs: its lab stays off the internet.
  await writeFile(
    file,
    [`name: ${NAME}`, `provider: ${provider}`, ...(standIn ? ['network: {internet: off}'] : []), ''].join(
      '\n',
    ),
  );
  try {
    if (!(await run('up', '-f', file))) process.exit(1);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  if (standIn)
    say(
      'Kubernetes here is the stand-in of the tests, not k3s itself (see "What was proven on what" in README.md).',
    );
  say(
    'The smoke test has passed: what a pod wrote was read back on every node, and by a pod of another node.',
  );
  say(`Everything stays up. Here "kglab" is: npm run -s kglab --`);
};

$.verbose = false;
await main();
