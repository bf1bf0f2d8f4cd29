import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { LabStore } from '../../src/lab/lab-store.js';
import { renderPlan } from '../../src/engine/plan.js';
import { planUp } from '../../src/recipe/up.js';
import { parse } from 'yaml';
import { Home } from '../helpers/run-kglab.js';
import { bestCost, measured, processorMs } from '../helpers/cost.js';
import { labOf } from '../helpers/step-context.js';

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

const saveLab = (name: string): Promise<void> =>
  new LabStore(home.state).save({
    version: 1,
    name,
    id: 'abc123',
    provider: 'nspawn',
    createdAt: '2026-01-02T03:04:05.000Z',
    config: labOf(`name: ${name}`),
  });

describe('version and help', () => {
  it('prints the version, for people and for programs', async () => {
    expect(await home.kglab(['version'])).toMatchObject({ exitCode: 0, stdout: 'kglab 0.1.0\n', stderr: '' });
    const { stdout } = await home.kglab(['version', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({ kglab: '0.1.0', node: process.version });
  });

  it('prints the version by a flag as well', async () => {
    expect(await home.kglab(['--version'])).toMatchObject({ exitCode: 0, stdout: 'kglab 0.1.0\n' });
  });

  it.each(['--help', 'help', 'up --help'])('prints help on stdout: %s', async (words) => {
    const { exitCode, stdout, stderr } = await home.kglab(words.split(' '));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: kglab/);
  });

  it.each([
    ['nonsense', "error: unknown command 'nonsense'", '(see kglab --help)'],
    ['up --frobnicate', "error: unknown option '--frobnicate'", '(see kglab up --help)'],
    ['up --until nothing', "option '--until <stage>' argument 'nothing' is invalid", '(see kglab up --help)'],
    ['plan -o table', 'Allowed choices are text, json, dot', '(see kglab plan --help)'],
    ['exec', "missing required argument 'node'", '(see kglab exec --help)'],
    ['down demo', 'Choose a lab with --name: kglab down --name NAME', '(see kglab down --help)'],
    ['volumes lst', "error: unknown command 'lst'", '(see kglab volumes --help)'],
    ['volumes list more', "error: too many arguments for 'list'", '(see kglab volumes list --help)'],
    ['cache lst', "error: unknown command 'lst'", '(see kglab cache --help)'],
  ])('rejects `%s` with exit code 2, the reason and the help to read', async (words, reason, help) => {
    const { exitCode, stdout, stderr } = await home.kglab(words.split(' '));
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(help);
  });
});

describe('init', () => {
  it('describes -f as the file to write, not as standard input', async () => {
    const { stdout } = await home.kglab(['init', '--help']);
    expect(stdout).toContain('lab file to write');
    expect(stdout).not.toContain('standard input');
  });

  it('refuses to write to standard input', async () => {
    const { exitCode, stderr } = await home.kglab(['init', '--yes', '-f', '-']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('kglab init --print');
    expect(existsSync(join(home.cwd, '-'))).toBe(false);
  });
});

describe('start-up', () => {
  /** Milliseconds that a run of node takes, by the clock on the wall. */
  const wallMs = (...words: string[]): number => {
    const start = performance.now();
    execFileSync(process.execPath, words, { stdio: 'ignore' });
    return performance.now() - start;
  };

  it.each([
    ['time', wallMs],
    ['processor time', processorMs],
  ])('takes at most twice the %s of an empty program', (_what, measure) => {
    const [kglab, empty]: [number[], number[]] = [[], []];
    // In turns, and the quickest of each: the others had to share the host.
    for (let run = 0; run < 10; run += 1) {
      kglab.push(measure(inject('kglab'), 'version'));
      empty.push(measure('-e', '0'));
    }
    expect(Math.min(...kglab)).toBeLessThan(2 * Math.min(...empty));
  });
});

describe('plan', () => {
  it('prints the plan of lab.yml in the current directory', async () => {
    home.write('lab.yml', 'name: here\nnodes: 1\n');
    const { exitCode, stdout, stderr } = await home.kglab(['plan', '-o', 'json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(renderPlan(planUp(labOf('name: here\nnodes: 1\n')), 'json'));
  });

  it('reads a lab file from standard input', async () => {
    const { stdout } = await home.kglab(['plan', '-f', '-'], { stdin: 'name: piped\nnodes: 1\n' });
    expect(stdout).toMatch(/^Plan of lab piped: \d+ steps$/m);
  });

  it('stops after the stage of --until', async () => {
    const { stdout } = await home.kglab(['plan', '--until', 'gluster']);
    expect(stdout).toMatch(/^gluster$/m);
    expect(stdout).not.toMatch(/^mounts$/m);
  });

  it('takes less than a second for 200 nodes', async () => {
    const stdin = 'name: big\nnodes: 200\n';
    const { exitCode, stdout } = await home.kglab(['plan', '-f', '-', '-o', 'json'], { stdin });
    expect(exitCode).toBe(0);
    // Nothing is lost on the way through a pipe, however long.
    expect(stdout).toBe(renderPlan(planUp(labOf(stdin)), 'json'));
    const { cpuMs } = await bestCost(3, () => measured(home, ['plan', '-f', '-', '-o', 'json'], { stdin }));
    expect(cpuMs).toBeLessThan(1000);
  });

  it('creates no files', async () => {
    expect(await home.kglab(['plan'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(home.entries()).toEqual([]);
  });
});

describe('a lab file that is not valid', () => {
  const YAML = 'name: demo\nnodes: 3\ngluster:\n  replicas: 3\nmachine:\n  cpus: none\n';

  it.each(['plan', 'up', 'up --dry-run', 'doctor'])(
    'is refused with all positions, and nothing is created: %s',
    async (words) => {
      home.write('lab.yaml', YAML);
      const { exitCode, stdout, stderr } = await home.kglab(words.split(' '));
      expect([exitCode, stdout]).toEqual([10, '']);
      expect(stderr).toContain('[CONFIG_INVALID]');
      expect(stderr).toMatch(/lab\.yaml:4:3: .*replicas/);
      expect(stderr).toMatch(/lab\.yaml:6:9: .*cpus/);
      expect(home.entries()).toEqual([]);
    },
  );

  it('is called stdin if it is read from there', async () => {
    const { exitCode, stderr } = await home.kglab(['plan', '-f', '-'], { stdin: YAML });
    expect(exitCode).toBe(10);
    expect(stderr).toMatch(/stdin:4:3: /);
  });

  it('has another error code than a missing one', async () => {
    const { exitCode, stderr } = await home.kglab(['plan', '-f', 'none.yaml']);
    expect(exitCode).toBe(10);
    expect(stderr).toContain('[CONFIG_UNREADABLE]');
    expect(stderr).toContain('none.yaml cannot be read: there is no such file.');
  });
});

describe('labs', () => {
  it('lists no labs, then those that exist', async () => {
    expect(await home.kglab(['list'])).toMatchObject({
      exitCode: 0,
      stdout: 'No labs. Create one: kglab up\n',
    });
    expect((await home.kglab(['list', '-o', 'json'])).stdout).toBe('[]\n');
    await saveLab('b');
    await saveLab('a');
    const { stdout } = await home.kglab(['ls', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'a', provider: 'nspawn', nodes: 3 },
      { name: 'b', provider: 'nspawn', nodes: 3, created: '2026-01-02T03:04:05.000Z' },
    ]);
    expect((await home.kglab(['list'])).stdout).toMatch(/^b +nspawn +3 +2026-01-02 03:04 UTC$/m);
  });

  it('lists the other labs if a record is damaged or of a newer kglab, and names it', async () => {
    await saveLab('good');
    for (const [name, text] of [
      ['torn', '{"version": 1, "na'],
      ['newer', '{"version": 7, "name": "newer"}'],
    ] as const) {
      mkdirSync(join(home.state, 'labs', name), { recursive: true });
      writeFileSync(join(home.state, 'labs', name, 'lab.json'), text);
    }
    const { exitCode, stdout, stderr } = await home.kglab(['list', '-o', 'json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'good' }]);
    expect(stderr).toMatch(/^lab newer cannot be read: .*created by a newer kglab/m);
    expect(stderr).toMatch(/^lab torn cannot be read: .*torn\/lab\.json is damaged/m);
  });

  it.each([
    'status -n nope',
    'kubeconfig -n nope',
    'exec -n nope node1 -- true',
    'kubectl -n nope -- get nodes',
  ])('fails for an unknown lab and lists the known ones: %s', async (words) => {
    await saveLab('other');
    const { exitCode, stderr } = await home.kglab(words.split(' '));
    expect(exitCode).toBe(11);
    expect(stderr).toContain('There is no lab nope.');
    expect(stderr).toContain('Labs of this user: other.');
  });

  it('removes nothing of an unknown lab, and says so', async () => {
    await saveLab('other');
    const { exitCode, stdout, stderr } = await home.kglab(['down', '-n', 'nope', '--yes']);
    expect([exitCode, stdout]).toEqual([0, '']);
    expect(stderr).toBe('There is no lab nope; nothing to remove. Labs of this user: other\n');
  });

  it('refuses `down` without a terminal and without --yes', async () => {
    await saveLab('demo');
    const { exitCode, stdout, stderr } = await home.kglab(['down', '-n', 'demo']);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('[CONFIRMATION_NEEDED]');
    expect(stderr).toContain('kglab down -n demo --yes');
    expect(await new LabStore(home.state).names()).toEqual(['demo']);
  });

  it.each(['stop', 'start', 'rebuild --yes'])('creates no folder for an unknown lab: %s', async (words) => {
    const { exitCode } = await home.kglab([...words.split(' '), '-n', 'nope']);
    expect(exitCode).toBe(11);
    expect(await new LabStore(home.state).hasFolder('nope')).toBe(false);
  });

  it('removes the logs of a failed `up`', async () => {
    const store = new LabStore(home.state);
    mkdirSync(store.logDir('nope'), { recursive: true });
    expect(await store.hasFolder('nope')).toBe(true);
    expect(await home.kglab(['down', '-n', 'nope', '--yes'])).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await store.hasFolder('nope')).toBe(false);
  });

  it('says what is left of a lab and why, with LAB_NOT_GONE', async () => {
    await saveLab('demo');
    const bin = home.make('bin');
    writeFileSync(join(bin, 'cut'), '#!/bin/sh\necho /mnt/kglab-cli-test\n', { mode: 0o755 });
    writeFileSync(join(bin, 'umount'), '#!/bin/sh\necho not permitted >&2\nexit 32\n', { mode: 0o755 });
    const mounts = [{ volume: 'gv0', path: '/mnt/kglab-cli-test' }];
    writeFileSync(join(home.state, 'labs', 'demo', 'mounts.json'), JSON.stringify(mounts));
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const { exitCode, stdout, stderr } = await home.kglab(['down', '-n', 'demo', '--yes'], { env });
    expect(exitCode).toBe(14);
    expect(stdout).toContain('host mount /mnt/kglab-cli-test: ');
    expect(stderr).toContain('[LAB_NOT_GONE]');
    expect(stderr).toContain('not permitted');
    expect(stderr).toContain('then: kglab down -n demo\n');
    expect(await new LabStore(home.state).names()).toEqual(['demo']);
  });

  it('has no kubeconfig of an incomplete lab', async () => {
    await saveLab('demo');
    const { exitCode, stderr } = await home.kglab(['kubeconfig', '-n', 'demo']);
    expect(exitCode).toBe(11);
    expect(stderr).toContain('Complete the lab first: kglab up -n demo');
  });

  it('prints the path of the kubeconfig, and its content only with --show', async () => {
    await saveLab('demo');
    const path = join(home.state, 'labs', 'demo', 'kubeconfig');
    writeFileSync(path, 'apiVersion: v1\n', { mode: 0o600 });
    expect((await home.kglab(['kubeconfig', '-n', 'demo'])).stdout).toBe(`${path}\n`);
    expect((await home.kglab(['kubeconfig', '-n', 'demo', '--show'])).stdout).toBe('apiVersion: v1\n');
  });

  it('merges the lab into the kubeconfig of this user and keeps that private', async () => {
    await saveLab('demo');
    const lab =
      'clusters: [{ name: kglab-demo }]\nusers: []\ncontexts: [{ name: kglab-demo }]\ncurrent-context: kglab-demo\n';
    writeFileSync(join(home.state, 'labs', 'demo', 'kubeconfig'), lab, { mode: 0o600 });
    const target = join(home.dir, 'mine');
    writeFileSync(target, 'clusters: [{ name: work }]\ncurrent-context: work\n');
    const { exitCode, stdout } = await home.kglab(['kubeconfig', '-n', 'demo', '--merge'], {
      env: { KUBECONFIG: `${target}:/none` },
    });
    expect([exitCode, stdout]).toEqual([
      0,
      `context kglab-demo is now in ${target}: kubectl --context kglab-demo get nodes\n`,
    ]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(parse(readFileSync(target, 'utf8'))).toMatchObject({
      clusters: [{ name: 'work' }, { name: 'kglab-demo' }],
      contexts: [{ name: 'kglab-demo' }],
      'current-context': 'work',
    });
  });

  it('refuses to merge into a kubeconfig that it cannot parse, and says where and what to do', async () => {
    await saveLab('demo');
    writeFileSync(join(home.state, 'labs', 'demo', 'kubeconfig'), 'current-context: kglab-demo\n');
    const target = join(home.dir, 'mine');
    const text = 'contexts: []\nclusters: {} # mine\n';
    writeFileSync(target, text);
    const { exitCode, stdout, stderr } = await home.kglab(['kubeconfig', '-n', 'demo', '--merge'], {
      env: { KUBECONFIG: `:${target}` },
    });
    expect([exitCode, stdout]).toEqual([16, '']);
    expect(stderr).toContain('[KUBECONFIG_INVALID]');
    expect(stderr).toContain(`${target}:2:11: clusters must be a list`);
    expect(stderr).toContain('export KUBECONFIG=$(kglab kubeconfig)');
    expect(readFileSync(target, 'utf8')).toBe(text);
  });
});

describe('cache add', () => {
  it('shows its progress on stderr', async () => {
    const { stderr } = await home.kglab(['cache', 'add', home.make('empty')]);
    expect(stderr).toMatch(/^adding .*empty$/m);
  });

  it('says which files are missing', async () => {
    const { exitCode, stderr } = await home.kglab(['cache', 'add', home.make('empty')]);
    expect(exitCode).toBe(25);
    expect(stderr).toMatch(/missing: k3s$/m);
    expect((await home.kglab(['cache', 'list', '-o', 'json'])).stdout).toBe('[]\n');
  });

  it('refuses a release with damaged files', async () => {
    const dir = home.make('damaged');
    const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const binary = arch === 'arm64' ? 'k3s-arm64' : 'k3s';
    const images = `k3s-airgap-images-${arch}.tar.zst`;
    writeFileSync(join(dir, binary), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(dir, images), '');
    const sum = '0'.repeat(64);
    writeFileSync(join(dir, `sha256sum-${arch}.txt`), `${sum}  ${binary}\n${sum}  ${images}\n`);
    const { exitCode, stderr } = await home.kglab(['cache', 'add', dir, '--version', 'v1.36.2+k3s1']);
    expect(exitCode).toBe(26);
    expect(stderr).toContain('[ARTIFACT_CHECKSUM]');
    expect((await home.kglab(['cache', 'list', '-o', 'json'])).stdout).toBe('[]\n');
  });
});

const NOBODY = 65534;

describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('without root', () => {
  const YAML = 'name: demo\nprovider: nspawn\nnetwork: { internet: off }\n';

  it.each(['up', 'up --dry-run'])(
    'is refused before anything is changed, with the next step: %s',
    async (words) => {
      home.write('lab.yaml', YAML);
      home.giveTo(NOBODY);
      const { exitCode, stderr } = await home.kglab(words.split(' '), { uid: NOBODY });
      expect(exitCode).toBe(20);
      expect(stderr).toContain('[HOST_NOT_ROOT]');
      expect(stderr).toContain('sudo');
      expect(home.entries()).not.toContain('machines');
      expect((await home.kglab(['list', '-o', 'json'])).stdout).toBe('[]\n');
    },
  );

  it('still plans and lists', async () => {
    home.giveTo(NOBODY);
    expect(await home.kglab(['plan'], { uid: NOBODY })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await home.kglab(['list'], { uid: NOBODY })).toMatchObject({ exitCode: 0 });
  });
});

describe('a lab that another kglab works on', () => {
  it('is not changed', async () => {
    mkdirSync(join(home.state, 'labs', 'demo'), { recursive: true });
    await saveLab('demo');
    const holder = { pid: process.pid, started: '', since: '2026-01-02T03:04:05.000Z', what: 'up' };
    writeFileSync(join(home.state, 'labs', 'demo', 'lock'), JSON.stringify(holder));
    const { exitCode, stderr } = await home.kglab(['down', '-n', 'demo', '--yes']);
    expect(exitCode).toBe(23);
    expect(stderr).toContain('[LAB_BUSY]');
    expect(stderr).toContain(`kill ${process.pid}`);
    expect(readdirSync(join(home.state, 'labs', 'demo'))).toEqual(
      expect.arrayContaining(['lab.json', 'lock']),
    );
  });
});

describe('a simulated lab', () => {
  const up = ['up', '-n', 'sim', '--provider', 'simulator'];

  it('refuses commands that need files on volumes, and says that it is simulated', async () => {
    expect(await home.kglab([...up, '-q'])).toMatchObject({ exitCode: 0 });
    for (const words of [['volumes'], ['volumes', 'cat', 'a:b'], ['mount', join(home.dir, 'm')]]) {
      const { exitCode, stdout, stderr } = await home.kglab([...words, '-n', 'sim']);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toContain('Lab sim is simulated: it has no files, so this command is not available.');
    }
    expect(home.entries()).not.toContain('m');
  });

  it('prints the result of a dry run on stdout', async () => {
    const { stdout } = await home.kglab([...up, '--dry-run', '-q']);
    expect(stdout).toMatch(/^kglab up would run \d+ steps:$/m);
    expect(stdout).toContain('Form the trusted pool of 3 machines');
    await home.kglab([...up, '-q']);
    expect((await home.kglab([...up, '--dry-run', '-q'])).stdout).toMatch(/^Nothing to do/);
  });

  it('prints what a dry run found, then fails, if a machine is foreign', async () => {
    await home.kglab([...up, '-q']);
    const exec = (node: string, ...words: string[]) =>
      home.kglab(['exec', '-n', 'sim', node, '--', ...words]);
    await exec('node2', 'systemctl', 'stop', 'glusterd');
    await exec('node3', 'sh', '-c', 'printf "%s" else > /etc/kglab/machine');
    const { exitCode, stdout, stderr } = await home.kglab([...up, '--dry-run', '-q']);
    expect(exitCode).toBe(33);
    expect(stdout).toMatch(/^ {2}Start glusterd on sim-node2 \(glusterd does not run\)$/m);
    expect(stdout).toMatch(/^ {2}Wait for cloud-init on sim-node3 \(.*sim-node3.*\)$/m);
    expect(stderr).toContain('[MACHINE_FOREIGN]');
  });

  it('has no requirements, and `list` shows its protection', async () => {
    expect((await home.kglab(['doctor', '--provider', 'simulator'])).stdout).toBe(
      'The simulator provider has no requirements.\n',
    );
    await home.kglab([...up, '-q']);
    await home.kglab(['protect', '-n', 'sim']);
    expect((await home.kglab(['list'])).stdout).toMatch(/ protected *$/m);
    expect(JSON.parse((await home.kglab(['list', '-o', 'json'])).stdout)).toMatchObject([
      { protected: true },
    ]);
  });
});
