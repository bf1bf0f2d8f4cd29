import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostExecutor } from '../../src/exec/host-executor.js';
import { parseList } from '../../src/providers/multipass/parse.js';
import { buildStandin } from '../multipass-standin/build.js';
import { StandinLab } from '../multipass-standin/lab.js';
import { hostLeft } from './support/host-state.js';
import { isRoot } from './support/kglab.js';

const NODES = ['node1', 'node2', 'node3'] as const;
const MOUNT = '/opt/local-path-provisioner';
const FOREIGN = ['alien-runs', 'alien-off', 'alien-deleted'] as const;

let bin = '';
beforeAll(async () => {
  bin = isRoot ? await buildStandin() : '';
});
afterAll(() => rm(bin, { recursive: true, force: true }));

/** Foreign instances: one running, one stopped, one deleted but not purged. */
const makeForeign = async (lab: StandinLab): Promise<void> => {
  const made = await Promise.all(FOREIGN.map((name) => lab.multipass('launch', '24.04', '--name', name)));
  expect(made.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  for (const name of FOREIGN)
    await lab.multipass('exec', '-n', name, '--', 'sudo', 'sh', '-c', 'echo mine > /root/kept');
  await lab.multipass('stop', FOREIGN[1]);
  await lab.multipass('delete', FOREIGN[2]);
};

/** Everything about the foreign instances that kglab could change. */
const foreignState = async (lab: StandinLab): Promise<unknown> => {
  const boot = await lab.multipass(
    'exec',
    '-n',
    FOREIGN[0],
    '--',
    'sh',
    '-c',
    'cut -d" " -f22 /proc/1/stat; cat /etc/hosts',
  );
  expect(boot.exitCode).toBe(0);
  const kept = FOREIGN.map((name) => readFile(join(lab.disk(name), 'root/kept'), 'utf8'));
  const records = lab.records().filter(({ name }) => name.startsWith('alien'));
  return { records, boot: boot.stdout, kept: await Promise.all(kept) };
};

/** Throws if a call named an instance that is not of the lab. */
const assertDiscreet = async (lab: StandinLab): Promise<void> => {
  const calls = await lab.calls();
  expect(calls.map(([command]) => command)).toContain('launch');
  for (const call of calls) {
    const [command = '', ...args] = call;
    expect(['purge', 'umount', 'set']).not.toContain(command);
    expect(args).not.toContain('--all');
    // With addresses, the daemon would query every instance.
    if (command === 'list') expect(args).toContain('--no-ipv4');
    if (['list', 'version', 'get', 'find'].includes(command)) continue;
    expect(args.some((arg) => arg.startsWith(`${lab.name}-`))).toBe(true);
    expect(args.filter((arg) => arg.startsWith('alien'))).toEqual([]);
    if (command === 'delete') expect(args).toEqual(['--purge', args.at(-1)]);
    if (command === 'exec') expect(args[0]).toBe('-n');
  }
};

const mainJob = async (lab: StandinLab): Promise<void> => {
  const { changed, steps } = await lab.up();
  expect(changed).toBeGreaterThan(NODES.length * 6);
  expect(steps.find(({ id }) => id === 'smoke.run')?.outcome).toBe('changed');
  expect((await lab.up()).changed).toBe(0);
  const status = JSON.parse(await lab.ok('status', '-o', 'json')) as { healthy: boolean };
  expect(status.healthy).toBe(true);
  await lab.sh('node1', `echo words > ${MOUNT}/shared`);
  for (const node of NODES) expect(await lab.sh(node, `cat ${MOUNT}/shared`)).toBe('words');
};

const takeDown = async (lab: StandinLab): Promise<void> => {
  await lab.ok('down', '--yes');
  expect(lab.records().filter(({ name }) => name.startsWith(lab.name))).toEqual([]);
  expect(await readdir(join(lab.dir, 'state')).catch(() => [])).toEqual([]);
};

describe.skipIf(!isRoot)('a lab on multipass 1.16.3 (stand-in) (skipped without root)', () => {
  let lab: StandinLab;
  let before: unknown;
  const host = new HostExecutor();

  beforeAll(async () => {
    lab = await StandinLab.make(bin);
    await makeForeign(lab);
    before = await foreignState(lab);
  });
  afterAll(() => lab.destroy());

  it('creates a lab that passes the smoke test, and a second `up` has nothing to do', () => mainJob(lab));

  it('keeps the k3s token out of command lines, logs and files that other users can read', async () => {
    const state = join(lab.dir, 'state/kglab/labs', lab.name);
    const token = (await readFile(join(state, 'token'), 'utf8')).trim();
    const calls = JSON.stringify(await lab.calls());
    expect(calls).toContain('launch');
    expect(calls).not.toContain(token);
    expect((await stat(join(state, 'multipass.json'))).mode & 0o777).toBe(0o600);
    const logs = await readdir(join(state, 'logs'));
    expect(logs.length).toBeGreaterThan(0);
    for (const log of logs) expect(await readFile(join(state, 'logs', log), 'utf8')).not.toContain(token);
    for (const node of NODES) {
      const script = `grep -rlF "$(cat)" /etc /usr/local /var/log /run /tmp /home 2>/dev/null | xargs -r stat -c '%a %n'; cat /proc/*/cmdline | tr '\\0' ' '`;
      const found = await host.exec({
        file: join(bin, 'multipass'),
        args: ['exec', '-n', lab.machine(node), '--', 'sudo', 'sh', '-c', script],
        env: { ...lab.env, MULTIPASS_STANDIN_PERSON: '1' },
        cwd: process.env['HOME'] ?? '/root',
        stdin: token,
      });
      // The script must find itself and the file that k3s reads: that shows that the search works.
      expect(found.stdout).toContain('xargs -r stat');
      expect(found.stdout).not.toContain(token);
      const files = found.stdout.split('\n').filter((line) => /^\d{3,4} \//.test(line));
      expect(files).toContain('600 /etc/rancher/k3s/config.yaml');
      expect(files.filter((line) => !/^\d00 /.test(line))).toEqual([]);
    }
  });

  it('repairs a lab after its machines got new addresses', async () => {
    const names = NODES.map((node) => lab.machine(node));
    const addresses = async () => {
      const { stdout } = await lab.multipass('list', '--format', 'json');
      const { list } = JSON.parse(stdout) as { list: { name: string; ipv4: string[] }[] };
      return names.map((name) => list.find((one) => one.name === name)?.ipv4[0]);
    };
    const old = await addresses();
    await Promise.all(names.map((name) => lab.multipass('stop', '--force', name)));
    lab.fault({ on: 'start', kind: 'new-address', times: 0 });
    const { steps } = await lab.up();
    const fresh = await addresses();
    expect(fresh.filter((address) => old.includes(address))).toEqual([]);
    const changed = steps.filter(({ outcome }) => outcome === 'changed').map(({ id }) => id);
    for (const name of names) {
      expect(changed).toContain(`machines.hosts:${name}`);
      expect(changed).toContain(`k3s.config:${name}`);
    }
    expect(changed).toContain('k3s.kubeconfig');
    for (const node of NODES) expect(await lab.sh(node, `cat ${MOUNT}/shared`)).toBe('words');
    const kubeconfig = await readFile((await lab.ok('kubeconfig')).trim(), 'utf8');
    expect(kubeconfig).toContain(`https://${fresh[0] ?? ''}:6443`);
    const nodes = JSON.parse(await lab.ok('kubectl', '--', 'get', 'nodes', '-o', 'json')) as {
      items: { status: { addresses: { type: string; address: string }[] } }[];
    };
    const internal = nodes.items.map(
      ({ status }) => status.addresses.find(({ type }) => type === 'InternalIP')?.address,
    );
    expect(internal.toSorted()).toEqual(fresh.toSorted());
    await lab.whole();
  });

  it('repairs a lab with machines that were deleted (not purged), suspended, or lost power', async () => {
    const [one, two, three] = NODES.map((node) => lab.machine(node));
    await lab.multipass('delete', three as string);
    await lab.multipass('suspend', two as string);
    await lab.run('exec', 'node1', '--', 'systemctl', 'poweroff', '-ff');
    const stateOfOne = async () => {
      const { stdout } = await lab.multipass('list', '--no-ipv4', '--format', 'json');
      return parseList(stdout).find(({ name }) => name === one)?.state;
    };
    await expect.poll(stateOfOne, { timeout: 60_000 }).toBe('Stopped');
    const status = await lab.run('status', '-o', 'json');
    expect(status.stdout).toContain('stopped');
    const { steps } = await lab.up();
    const changed = steps.filter(({ outcome }) => outcome === 'changed').map(({ id }) => id);
    expect(changed).toEqual(
      expect.arrayContaining([one, two, three].map((name) => `machines.create:${name}`)),
    );
    for (const node of NODES) expect(await lab.sh(node, `cat ${MOUNT}/shared`)).toBe('words');
    await lab.whole();
  });

  it('is healthy again after `stop` and `start`', async () => {
    await lab.ok('stop');
    expect(
      lab.records().filter(({ name, state }) => name.startsWith(lab.name) && state !== 'Stopped'),
    ).toEqual([]);
    await lab.ok('start');
    await lab.whole();
  });

  it('removes its own machines one by one, and leaves foreign instances unchanged', async () => {
    await takeDown(lab);
    expect(await foreignState(lab)).toEqual(before);
    await assertDiscreet(lab);
    const left = await hostLeft(host, [`hostname=${lab.name}-`]);
    expect(left.processes).toEqual([]);
  });
});

const PROFILES = ['1.12', '1.14', '1.17'];

describe.skipIf(!isRoot).each(PROFILES)('multipass %s (stand-in) (skipped without root)', (profile) => {
  let lab: StandinLab;
  let before: unknown;

  beforeAll(async () => {
    lab = await StandinLab.make(bin);
    lab.profile = profile;
    await makeForeign(lab);
    before = await foreignState(lab);
  });
  afterAll(() => lab.destroy());

  it('creates a lab that passes the smoke test, and leaves foreign instances unchanged', async () => {
    await mainJob(lab);
    if (profile === '1.17') expect(new Set(lab.records().map(({ zone }) => zone)).size).toBe(1);
    await takeDown(lab);
    expect(await foreignState(lab)).toEqual(before);
    await assertDiscreet(lab);
  });
});

describe.skipIf(!isRoot)('faults of multipass (stand-in) (skipped without root)', () => {
  let lab: StandinLab;
  const launches = async (name: string) =>
    (await lab.calls()).filter(([command, ...args]) => command === 'launch' && args.includes(name)).length;
  const deletes = async () =>
    (await lab.calls()).filter(([command]) => command === 'delete').map((call) => call.at(-1));
  /** Number of checks whether a name is free. */
  const questions = async () =>
    (await lab.calls()).filter(([command, image]) => command === 'launch' && image?.startsWith('kglab-'))
      .length;
  const deletesOf = async (name: string) => (await deletes()).filter((one) => one === name).length;

  beforeAll(async () => {
    lab = await StandinLab.make(bin, 'nodes: 3\n');
    await lab.multipass('version');
  });
  afterAll(() => lab.destroy());

  it('continues after every kind of launch timeout, and purges only instances that cannot start', async () => {
    const [one, two, three] = NODES.map((node) => lab.machine(node)) as [string, string, string];
    lab.fault(
      { on: 'launch', kind: 'client-timeout-in-download', name: one, seconds: 3 },
      { on: 'launch', kind: 'ssh-timeout', name: two },
      { on: 'launch', kind: 'init-timeout', name: three },
    );
    await lab.up('--until', 'machines');
    expect(await deletes()).toEqual([two]);
    expect([await launches(one), await launches(two), await launches(three)]).toEqual([1, 2, 1]);
    expect((await lab.up('--until', 'machines')).changed).toBe(0);
    await takeDown(lab);
  });

  it('reports what cloud-init failed at, and `down` removes everything', async () => {
    await lab.write('nodes: 1\n');
    lab.fault({ on: 'launch', kind: 'cloud-init-error', name: lab.machine('node1') });
    const { exitCode, stderr } = await lab.run('up', '--until', 'machines');
    expect(exitCode).toBe(32);
    expect(stderr).toContain('no-such-package');
    await takeDown(lab);
  });

  it('removes an instance whose launch was interrupted', async () => {
    const name = lab.machine('node1');
    await rm(join(lab.dir, 'daemon/images'), { recursive: true, force: true });
    lab.fault({ on: 'launch', kind: 'client-timeout-in-download', name, seconds: 600 });
    const before = await deletesOf(name);
    const up = lab.start('up', '--until', 'machines');
    await expect
      .poll(async () => (await lab.phases()).some((phase) => phase.includes('Retrieving')), {
        timeout: 60_000,
      })
      .toBe(true);
    up.interrupt();
    expect(await up.ended).toBe(130);
    expect(lab.records()).toEqual([]);
    const asked = await questions();
    const takingDown = takeDown(lab);
    await expect.poll(questions, { timeout: 60_000 }).toBeGreaterThan(asked);
    lab.deliverImage();
    await takingDown;
    expect(await deletesOf(name)).toBeGreaterThan(before);
  });

  it('refuses a foreign instance that has a name of the lab, and leaves it unchanged', async () => {
    const name = lab.machine('node1');
    for (const state of ['Running', 'Deleted']) {
      if (state === 'Running') await lab.multipass('launch', '24.04', '--name', name);
      else await lab.multipass('delete', name);
      const seen = lab.records();
      const { exitCode, stderr } = await lab.run('up', '--until', 'machines');
      expect(exitCode).toBe(33);
      expect(stderr).toContain('MACHINE_FOREIGN');
      await lab.run('down', '--yes');
      expect(lab.records()).toEqual(seen);
    }
    await lab.multipass('delete', '--purge', name);
  });

  it.each([
    ['daemon-down', 35, 'MULTIPASS_DAEMON_DOWN'],
    ['root-cert', 35, 'MULTIPASS_DAEMON_DOWN'],
    ['socket-denied', 36, 'MULTIPASS_SOCKET_DENIED'],
    ['unauthenticated', 36, 'MULTIPASS_NOT_AUTHENTICATED'],
  ])('says what to do about %s', async (kind, exitCode, code) => {
    lab.fault({ on: '*', kind, times: 0 });
    const ran = await lab.run('up', '--until', 'machines');
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain(code);
    expect(ran.durationMs).toBeLessThan(60_000);
    lab.fault();
  });
});
