import { mkdir, mkdtemp, readdir, rm, writeFile as write } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cmd, sh } from '../../src/exec/command.js';
import { copyIn, readFile, writeFile } from '../../src/guest/files.js';
import { HostExecutor } from '../../src/exec/host-executor.js';
import { bridgeName, tableName, vethName } from '../../src/providers/nspawn/names.js';
import { NspawnProvider } from '../../src/providers/nspawn/provider.js';
import type { MachineSpec } from '../../src/machines/provider.js';
import { systemClock } from '../../src/util/clock.js';
import { waitFor } from '../../src/util/wait.js';
import { cacheHome } from './support/cache-home.js';
import { hostLeft, hostState, type HostState } from './support/host-state.js';

const suffix = randomBytes(3).toString('hex');
const lab = { name: `e2e${suffix}`, id: randomBytes(8).toString('hex') };
const [one, two] = [`${lab.name}-one`, `${lab.name}-two`] as const;
const host = new HostExecutor();
const isRoot = process.getuid?.() === 0;

const spec = (name: string): MachineSpec => ({
  name,
  cpus: 1,
  memoryMiB: 1024,
  diskGiB: 8,
  userData: `#cloud-config\nhostname: ${name}\nlocale: false\nwrite_files:\n  - path: /etc/made\n    content: by cloud-init\n`,
});

const connect = (address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ host: address, port, timeout: 5_000 }, resolve);
    socket.once('error', reject);
    socket.once('timeout', () => reject(new Error('no answer')));
  });

describe.skipIf(!isRoot)('NspawnProvider on this host (skipped without root)', () => {
  let dataDir = '';
  let before: HostState;
  const mine = () => [
    lab.name,
    dataDir,
    bridgeName(lab),
    tableName(lab),
    vethName(lab, one),
    vethName(lab, two),
  ];

  const provider = (network: { subnet?: string } = {}): NspawnProvider =>
    new NspawnProvider({
      lab,
      host,
      clock: systemClock,
      dataDir,
      cacheDir: join(cacheHome, 'kglab/images'),
      machines: [one, two],
      image: 'default',
      network: { subnet: network.subnet, internet: 'off' },
    });

  /** Whether the first machine reaches an address in time: commands run before its network is up. */
  const isReached = (address: string): Promise<true | undefined> =>
    waitFor(
      async () => {
        const { exitCode } = await provider()
          .machine(one)
          .exec(cmd('ping', '-c1', '-W1', address));
        return exitCode === 0 ? true : undefined;
      },
      { clock: systemClock, timeoutMs: 60_000 },
    );

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'kglab-nspawn-'));
    before = await hostState(host, mine());
  });

  afterAll(async () => {
    const last = provider();
    for (const { name } of await last.list()) await last.remove(name);
    await last.foundation.remove();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('creates image and network, and then nothing is missing', async () => {
    expect(await provider().foundation.missing()).toBeDefined();
    await provider().foundation.prepare({ onLine: (line) => console.log(line) });
    expect(await provider().foundation.missing()).toBeUndefined();
    await provider().foundation.prepare();
    expect(await provider().list()).toEqual([]);
  });

  it('refuses an address range that the host uses', async () => {
    const other = provider({ subnet: '127.0.0.0/24' });
    await expect(other.foundation.prepare()).rejects.toMatchObject({ code: 'HOST_ADDRESS_TAKEN' });
  });

  it('creates two machines in parallel that run commands at once', async () => {
    const made = provider();
    await Promise.all([made.create(spec(one)), made.create(spec(two))]);
    const names = await Promise.all([one, two].map((name) => made.machine(name).exec(cmd('hostname'))));
    expect(names.map(({ stdout }) => stdout)).toEqual([`${one}\n`, `${two}\n`]);
    expect((await made.machine(one).exec(cmd('systemctl', 'is-active', 'dbus.socket'))).stdout).toBe(
      'active\n',
    );
    await made.create(spec(one));
  });

  it('lists its machines in a new process', async () => {
    const infos = await provider().list();
    expect(infos.map(({ name, state }) => [name, state])).toEqual([
      [one, 'running'],
      [two, 'running'],
    ]);
    expect(infos[0]?.address).toMatch(/\.11$/);
    expect(infos[1]?.address).toMatch(/\.12$/);
  });

  it('lets cloud-init finish without errors', async () => {
    const machine = provider().machine(one);
    const done = await waitFor(
      async () => {
        const { exitCode } = await machine.exec(cmd('test', '-e', '/run/cloud-init/result.json'));
        return exitCode === 0 ? true : undefined;
      },
      { clock: systemClock, timeoutMs: 120_000 },
    );
    expect(done).toBe(true);
    const result = JSON.parse((await machine.exec(cmd('cat', '/run/cloud-init/result.json'))).stdout);
    expect(result.v1.errors).toEqual([]);
    expect(await readFile(machine, '/etc/made')).toBe('by cloud-init');
  });

  it('reports exit code, signal, missing programs and both streams', async () => {
    const machine = provider().machine(one);
    expect(await machine.exec(sh('echo out; echo err >&2; exit 7'))).toMatchObject({
      exitCode: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await machine.exec(sh('kill -KILL $$'))).toMatchObject({ signal: 'SIGKILL' });
    expect((await machine.exec(cmd('no-such-program'))).exitCode).toBe(127);
    expect((await machine.exec(cmd('sh', '-c', 'echo "$1"', 'sh', "it's $HOME"))).stdout).toBe(
      "it's $HOME\n",
    );
    const env = { KGLAB_TEST: 'x y' };
    expect((await machine.exec({ ...cmd('env'), env })).stdout.split('\n').filter(Boolean).sort()).toEqual([
      'HOME=/root',
      'KGLAB_TEST=x y',
      'LC_ALL=C',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
  });

  it('passes megabytes on stdin, as text and as a file', async () => {
    const machine = provider().machine(one);
    const text = randomBytes(2_500_000).toString('hex');
    expect((await machine.exec({ ...cmd('cat'), stdin: text })).stdout === text).toBe(true);
    await copyIn(machine, '/bin/bash', '/root/copied', { mode: '0755' });
    expect((await machine.exec(cmd('/root/copied', '-c', 'echo runs'))).stdout).toBe('runs\n');
    await writeFile(machine, '/root/kept', 'by kglab', { mode: '0600' });
  });

  it('ends a command and its children at the deadline, inside the machine too', async () => {
    const machine = provider().machine(one);
    const script = 'trap "" TERM; sleep 4242 & sleep 4242 | cat; echo never';
    const result = await machine.exec(sh(script), { timeoutMs: 300 });
    expect(result.timedOut).toBe(true);
    const left = await waitFor(
      async () => {
        const { stdout } = await machine.exec(
          sh('cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "sleep [4]242"'),
        );
        return stdout.trim() === '0' ? true : undefined;
      },
      { clock: systemClock, timeoutMs: 15_000 },
    );
    expect(left).toBe(true);
  });

  it('gives the host command that enters a machine', async () => {
    const machine = provider().machine(one);
    await machine.exec(cmd('true'));
    const each: number[] = [];
    for (let i = 0; i < 20; i++) each.push((await machine.exec(cmd('true'))).durationMs);
    console.log(`${Math.min(...each).toFixed(1)} ms for the quickest exec`);
    expect(Math.min(...each)).toBeLessThan(100);
  });

  it('connects the machines with each other and with the host', async () => {
    const [, other] = await provider().list();
    const address = other?.address ?? '';
    expect(await isReached(address)).toBe(true);
    // Nothing listens on the port: the refused connection is the machine's answer.
    await expect(connect(address, 6443)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('gives machines what Kubernetes and Gluster need', async () => {
    const machine = provider().machine(one);
    expect(
      await machine.exec(
        sh('test -w /proc/sys/vm/overcommit_memory && test -c /dev/fuse && test -r /dev/kmsg'),
      ),
    ).toMatchObject({ exitCode: 0 });
    expect(
      await machine.exec(sh('setfattr -n trusted.kglab -v 1 /data && getfattr -n trusted.kglab /data')),
    ).toMatchObject({ exitCode: 0 });
    const types = await machine.exec(
      cmd('stat', '-f', '-c', '%T', '/data', '/var/lib/rancher', '/var/lib/kubelet'),
    );
    expect(types.exitCode).toBe(0);
    expect(types.stdout).not.toContain('overlay');
    const group = sh(
      'for d in /sys/fs/cgroup/memory /sys/fs/cgroup; do if [ -w $d/cgroup.procs ]; then mkdir $d/try && rmdir $d/try && exit; fi; done; exit 1',
    );
    expect(await machine.exec(group)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('shuts a machine down, keeps it stopped, and starts it with its disk', async () => {
    await provider().stop(one);
    expect((await provider().list())[0]).toMatchObject({ name: one, state: 'stopped' });
    await expect(provider().machine(one).exec(cmd('true'))).rejects.toMatchObject({
      code: 'MACHINE_UNREACHABLE',
    });
    await provider().stop(one);
    const again = provider();
    await again.start(one);
    expect(await readFile(again.machine(one), '/root/kept')).toBe('by kglab');
  });

  it('keeps the disk after a power cut, and the same handle works after the start', async () => {
    const same = provider();
    const machine = same.machine(two);
    await writeFile(machine, '/root/kept', 'still here', { mode: '0600' });
    await same.stop(two, { force: true });
    await expect(machine.exec(cmd('true'))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
    await same.start(two);
    expect(await readFile(machine, '/root/kept')).toBe('still here');
    const address = (await same.list())[1]?.address ?? '';
    expect(await isReached(address)).toBe(true);
  });

  it('lists and removes a machine whose systemd-nspawn was killed', async () => {
    const parent = await host.exec(
      sh(
        'for p in /proc/[0-9]*; do if tr "\\0" " " < $p/cmdline 2>/dev/null | grep -q "^systemd-nspawn .*hostname=$1 "; then echo ${p#/proc/}; fi; done',
        two,
      ),
    );
    expect(parent.stdout.trim()).toMatch(/^\d+$/);
    process.kill(Number(parent.stdout), 'SIGKILL');
    expect(await provider().machine(two).exec(cmd('true'))).toMatchObject({ exitCode: 0 });
    expect((await provider().list())[1]?.state).toBe('running');
    await provider().remove(two);
    await provider().remove(two);
    expect((await provider().list()).map(({ name }) => name)).toEqual([one]);
  });

  it('refuses another lab of the same name', async () => {
    const stranger = new NspawnProvider({
      ...{ host, clock: systemClock, dataDir, cacheDir: '/nonexistent', machines: [one], image: 'default' },
      lab: { name: lab.name, id: 'another' },
      network: { subnet: undefined, internet: 'off' },
    });
    await expect(stranger.remove(one)).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
  });

  it('completes a machine that a crash left half created', async () => {
    const dir = join(dataDir, 'labs', lab.name, 'machines', two);
    await mkdir(join(dir, 'upper', 'etc'), { recursive: true });
    await write(join(dir, 'upper', 'etc', 'junk'), '');
    await write(join(dir, 'machine.json'), '{"na');
    expect((await provider().list())[1]).toMatchObject({ name: two, state: 'unknown' });
    await provider().create(spec(two));
    expect(
      (
        await provider()
          .machine(two)
          .exec(cmd('test', '-e', '/etc/junk'))
      ).exitCode,
    ).toBe(1);
    expect((await provider().list())[1]?.address).toMatch(/\.12$/);
  });

  it('leaves nothing on the host after the removal', async () => {
    const last = provider();
    await last.machine(one).exec(sh('mkdir -p /opt/guarded && chattr +i /opt/guarded'));
    await Promise.all([last.remove(one), last.remove(two)]);
    await last.foundation.remove();
    await last.foundation.remove();
    expect(await hostLeft(host, mine())).toEqual(before);
    expect(await readdir(join(dataDir, 'labs'))).toEqual([]);
  });
});
