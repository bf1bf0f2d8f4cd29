import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cmd, type Command, type ExecOptions, type Executor } from '../../src/exec/command.js';
import { HostExecutor } from '../../src/exec/host-executor.js';
import { parseList } from '../../src/providers/multipass/parse.js';
import { MultipassProvider } from '../../src/providers/multipass/provider.js';
import type { Deadlines } from '../../src/providers/multipass/options.js';
import type { MachineSpec } from '../../src/machines/provider.js';
import { systemClock } from '../../src/util/clock.js';
import { buildStandin } from '../multipass-standin/build.js';
import type { Fault } from '../multipass-standin/faults.js';
import type { Record_ } from '../multipass-standin/world.js';

let bin = '';
let state = '';
let version = '1.16.3';
const host = new HostExecutor();

beforeAll(async () => void (bin = await buildStandin()));
afterAll(() => rm(bin, { recursive: true, force: true }));
beforeEach(async () => {
  version = '1.16.3';
  state = await mkdtemp(join(tmpdir(), 'multipass-paper-'));
});
// Daemons left over from a test may still write there.
afterEach(() => rm(state, { recursive: true, force: true, maxRetries: 5 }));

const env = (): Record<string, string> => ({
  ...{ MULTIPASS_STANDIN_STATE: state, MULTIPASS_STANDIN_BACKEND: 'none', FAKE_VERSION: version },
  PATH: `${bin}:${process.env['PATH'] ?? ''}`,
});

/** Runs the stand-in. */
const multipass = (words: string, stdin?: string) =>
  host.exec({
    ...cmd(join(bin, 'multipass'), ...words.split(' ').filter(Boolean)),
    ...{ env: env(), cwd: homedir() },
    ...(stdin !== undefined && { stdin }),
  });

const states = async (): Promise<string> =>
  parseList((await multipass('list --format json')).stdout)
    .map(({ name, state: is }) => `${name} ${is}`)
    .join(', ');

/** Every command line that the stand-in was called with. */
const calls = async (): Promise<readonly string[]> =>
  (await readFile(join(state, 'calls.log'), 'utf8').catch(() => ''))
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as string[]).join(' '));

/** An instance as the daemon has it. */
const record = async (name: string): Promise<Record_> =>
  JSON.parse(await readFile(join(state, 'instances', `${name}.json`), 'utf8')) as Record_;

const isThere = (file: string): Promise<boolean> =>
  access(join(state, file)).then(
    () => true,
    () => false,
  );

/** Time after which a command has surely started, on a busy host too. */
const AWHILE = { timeout: 20_000 };

const fault = (...faults: Fault[]): Promise<void> =>
  writeFile(join(state, 'faults.json'), JSON.stringify(faults));

describe('the command line of the stand-in', () => {
  it('keeps instances from call to call, through every state', async () => {
    expect((await multipass('launch 24.04 --name a')).stdout).toMatch(/\u001b\[2K.*Launched: a\n$/s);
    expect(await states()).toBe('a Running');
    await multipass('stop a');
    expect(await states()).toBe('a Stopped');
    await multipass('delete a');
    expect(await states()).toBe('a Deleted');
    const again = await multipass('launch 24.04 --name a');
    expect(again).toMatchObject({ exitCode: 2, stderr: 'launch failed: instance "a" already exists\n' });
    await multipass('recover a');
    await multipass('start a');
    expect(await states()).toBe('a Running');
    await multipass('delete --purge a');
    expect(await states()).toBe('');
  });

  it.each(['', '{"pid":1073741824,"started":"1","since":"","what":"multipass"}'])(
    'serves the next client after one was killed that held the lock: %j',
    async (left) => {
      await multipass('launch --name a');
      await writeFile(join(state, 'daemon.lock'), left);
      const list = await host.exec(
        { ...cmd(join(bin, 'multipass'), 'list', '--format', 'json'), env: env(), cwd: homedir() },
        { timeoutMs: 10_000 },
      );
      expect(parseList(list.stdout).map(({ name }) => name)).toEqual(['a']);
    },
  );

  it('shows an instance only when its image is there', async () => {
    await fault({ on: 'launch', kind: 'client-timeout-in-download', seconds: 60 });
    expect(await multipass('launch 24.04 --name a')).toMatchObject({ exitCode: 5 });
    expect(await states()).toBe('');
    expect((await multipass('launch 24.04 --name a')).stderr).toContain('instance "a" is being prepared');
    await writeFile(join(state, 'images/24.04'), 'true');
    await expect.poll(states, AWHILE).toBe('a Running');
  });

  it('keeps a planned fault until a launch really runs', async () => {
    await fault({ on: 'launch', kind: 'ssh-timeout' });
    expect((await multipass('launch nosuch --name a')).stderr).toContain('Unable to find an image');
    expect((await multipass('launch --name a')).stderr).toContain('timed out waiting for response');
  });

  it.each([
    ['frobnicate', 1, /^$/, /^Error: Unknown command or alias 'frobnicate'/],
    ['launch --name 1x', 2, /Invalid instance name supplied: 1x/, /^$/],
    ['launch --memory 64M', 2, /Invalid memory size value supplied: 64M\./, /^$/],
    ['launch --memory 1T', 1, /not a valid memory size/, /^$/],
    ['launch nosuch', 2, /Unable to find an image matching "nosuch"/, /^$/],
    ['launch --timeout 0', 1, /--timeout value has to be a positive integer/, /^$/],
    ['launch --nonsense', 1, /^Unknown option 'nonsense'\.\n$/, /^$/],
    ['list --format xml', 1, /^Invalid format type given\.\n$/, /^$/],
    ['start', 1, /Name argument or --all is required/, /^$/],
    ['start x', 2, /^start failed: instance\(s\) missing\nInstance 'x' does not exist\.\n$/, /^$/],
    ['delete x', 2, /^delete failed: The following errors occurred:\ninstance "x" does not exist\n$/, /^$/],
    ['exec x', 1, /Wrong number of arguments/, /^$/],
    ['exec -n x -- true', 2, /^exec failed: .*\ninstance "x" does not exist\n$/s, /^$/],
    ['exec x true', 2, /(does not exist\n[^]*){2}/, /^$/],
    ['get local.nope', 2, /get failed: Unrecognized settings key: 'local\.nope'/, /^$/],
  ])('refuses `%s` with %i', async (words, exitCode, stderr, stdout) => {
    const ran = await multipass(words);
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toMatch(stderr);
    expect(ran.stdout).toMatch(stdout);
  });

  it.each([
    ['1.12', 'info', 1],
    ['1.16.3', 'info', 0],
    ['1.12', 'stop --force a', 1],
    ['1.14', 'stop --force a', 0],
    ['1.16.3', 'launch --mem 1G --name b', 0],
    ['1.17', 'launch --mem 1G --name b', 1],
    ['1.16.3', 'launch --memory 256M --name b', 0],
    ['1.17', 'launch --memory 256M --name b', 2],
    ['1.16.3', 'launch --zone zone1 --name b', 1],
    ['1.17', 'launch --zone zone1 --name b', 0],
    ['1.16.3', 'wait-ready --timeout 1', 1],
    ['1.17', 'wait-ready --timeout 1', 0],
    ['1.14', 'clone a', 1],
  ])('is like %s in `%s`', async (profile, words, exitCode) => {
    version = profile;
    await multipass('launch --name a');
    expect((await multipass(words)).exitCode).toBe(exitCode);
  });

  it('runs commands, and starts a stopped instance first, with its progress output', async () => {
    await multipass('launch --name a');
    expect(await multipass('exec -n a -- cat', 'from stdin')).toMatchObject({
      exitCode: 0,
      stdout: 'from stdin',
    });
    expect((await multipass('exec -n a -- false')).exitCode).toBe(1);
    await multipass('stop a');
    const { stdout } = await multipass('exec -n a -- echo out');
    expect(stdout).toContain('\u001b[2K');
    expect(stdout.endsWith('out\n')).toBe(true);
    expect(await states()).toBe('a Running');
  });

  it('loses the quotes of user-data, adds its own packages, and refuses scripts', async () => {
    await multipass(
      'launch --name a --cloud-init -',
      '#cloud-config\nmode: "0755" # octal\npackages: [zstd]\n',
    );
    expect((await record('a')).userData).toBe(
      '#cloud-config\nmode: 0755\npackages:\n  - pollinate\n  - zstd\n',
    );
    expect((await multipass('launch --name b --cloud-init -', '#!/bin/sh\n echo x')).stderr).toContain(
      'on a scalar',
    );
    expect(await multipass('launch --name b --cloud-init /nowhere')).toMatchObject({
      exitCode: 1,
      stderr:
        'Could not load cloud-init configuration: bad file: /nowhere\nPlease ensure that Multipass can read it.\n',
    });
  });

  it('answers no other client during a stop', async () => {
    await multipass('launch --name a');
    await fault({ on: 'stopping', kind: 'hang', times: 0 });
    const stopping = multipass('stop a');
    await expect.poll(() => isThere('daemon.lock'), AWHILE).toBe(true);
    let answered = false;
    const asked = multipass('version').finally(() => (answered = true));
    await expect.poll(calls, AWHILE).toContain('version');
    // This call does not need the daemon; without the lock it would end second.
    await multipass('get local.driver');
    expect(answered).toBe(false);
    await fault();
    await asked;
    expect((await record('a')).state).toBe('Stopped');
    await stopping;
  });

  it('removes an instance that is still starting only when it has started, and for good', async () => {
    await fault({ on: 'booting', kind: 'hang', times: 0 });
    const launching = multipass('launch --name a');
    await expect.poll(states, AWHILE).toBe('a Starting');
    const removing = multipass('delete --purge a');
    await expect.poll(calls, AWHILE).toContain('delete --purge a');
    await multipass('get local.driver');
    expect(await states()).toBe('a Starting');
    await fault();
    await Promise.all([launching, removing]);
    expect(await states()).toBe('');
  });
});

/** The provider with the built stand-in. Its deadlines suit a busy host, unless a test wants one to expire. */
const provider = (deadlines: Partial<Deadlines> = {}): MultipassProvider => {
  const here: Executor = {
    exec: (command: Command, options?: ExecOptions) =>
      host.exec({ ...command, env: { ...command.env, ...env() } }, options),
  };
  return new MultipassProvider({
    ...{ lab: { name: 'demo', id: 'c0ffee' }, host: here, clock: systemClock },
    ...{ dataDir: join(state, 'lab'), platform: 'linux', home: homedir(), image: 'default' },
    deadlines: { settleMs: 20_000, serviceMs: 600, everyMs: 100, ...deadlines },
  });
};

const NAME = 'demo-node1';
const spec: MachineSpec = {
  ...{ name: NAME, cpus: 1, memoryMiB: 1024, diskGiB: 8 },
  userData:
    '#cloud-config\nwrite_files:\n  - path: /etc/kglab/machine\n    content: kglab machine demo-node1 of lab demo with id c0ffee\n',
};

describe('the multipass provider on the stand-in', () => {
  it.each(['1.12', '1.14', '1.15', '1.16.3', '1.17'])(
    'creates, enters, stops, starts and removes a machine on %s',
    async (profile) => {
      version = profile;
      const made = provider();
      await made.create(spec);
      expect(await made.list()).toEqual([{ name: NAME, state: 'running', address: '10.9.8.10' }]);
      expect(await made.machine(NAME).exec({ ...cmd('cat'), stdin: 'exact\n\n' })).toMatchObject({
        stdout: 'exact\n\n',
        exitCode: 0,
      });
      await made.stop(NAME);
      expect((await made.list())[0]?.state).toBe('stopped');
      await expect(made.machine(NAME).exec(cmd('true'))).rejects.toMatchObject({
        code: 'MACHINE_UNREACHABLE',
      });
      await made.start(NAME);
      await made.remove(NAME);
      await made.foundation.remove();
      expect(await states()).toBe('');
    },
  );

  it.each(['client-timeout', 'client-timeout-in-download', 'ssh-timeout', 'init-timeout', 'never'])(
    'creates the machine although the launch meets %s',
    async (kind) => {
      await fault({ on: 'launch', kind, seconds: 1 });
      await provider().create(spec);
      expect(await states()).toBe(`${NAME} Running`);
    },
  );

  it('copies a large file into a machine through a pipe', async () => {
    const file = join(state, 'large');
    await writeFile(file, Buffer.alloc(3_000_000, 'x'));
    const made = provider();
    await made.create(spec);
    const { stdout } = await made
      .machine(NAME)
      .exec({ ...cmd('cat'), stdinFile: file }, { timeoutMs: 10_000 });
    expect(stdout).toHaveLength(3_000_000);
  });

  it('ends a command at its deadline, in the machine first', async () => {
    const made = provider();
    await made.create(spec);
    const ran = await made.machine(NAME).exec(cmd('sleep', '60'), { timeoutMs: 300 });
    expect(ran).toMatchObject({ exitCode: 124, timedOut: true });
    expect(ran.durationMs).toBeLessThan(20_000);
  });

  it.each([['ssh-failed'], ['freeze'], ['drop']])(
    'throws MACHINE_UNREACHABLE when exec meets %s',
    async (kind) => {
      await provider().create(spec);
      // Only a frozen command never ends by itself.
      const made = provider(kind === 'freeze' ? { execMs: 500, graceMs: 500 } : {});
      await made.list();
      await fault({ on: 'exec', kind });
      const refused = made.machine(NAME).exec(cmd('sleep', '60'));
      await expect(refused).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
    },
  );

  it('distinguishes a hanging service from a hanging command', async () => {
    await fault({ on: 'list', kind: 'hang' });
    await expect(provider({ listMs: 500 }).list()).rejects.toMatchObject({ code: 'MULTIPASS_TIMEOUT' });
    await fault({ on: '*', kind: 'hang', times: 0 });
    const wedged = provider({ listMs: 500, probeMs: 500 }).list();
    await expect(wedged).rejects.toMatchObject({ code: 'MULTIPASS_WEDGED' });
  });

  it.each([
    ['daemon-down', 'MULTIPASS_DAEMON_DOWN'],
    ['root-cert', 'MULTIPASS_DAEMON_DOWN'],
    ['socket-denied', 'MULTIPASS_SOCKET_DENIED'],
    ['unauthenticated', 'MULTIPASS_NOT_AUTHENTICATED'],
  ])('says what %s is', async (kind, code) => {
    await fault({ on: '*', kind, times: 0 });
    await expect(provider().list()).rejects.toMatchObject({ code });
  });

  it.each([
    ['offline', 'MULTIPASS_IMAGE'],
    ['kvm', 'MULTIPASS_HOST'],
    ['no-memory', 'MULTIPASS_HOST'],
    ['no-disk', 'MULTIPASS_HOST'],
  ])('says what a launch with %s is, and leaves nothing', async (kind, code) => {
    await fault({ on: 'launch', kind, times: 2 });
    await expect(provider().create(spec)).rejects.toMatchObject({ code });
    await fault();
    expect(await states()).toBe('');
    await provider().foundation.remove();
  });

  it('reports that multipass is not installed', async () => {
    const nowhere: Executor = {
      exec: (command, options) => host.exec({ ...command, env: { PATH: '/nonexistent' } }, options),
    };
    const options = { lab: { name: 'demo', id: 'x' }, host: nowhere, clock: systemClock, dataDir: state };
    const made = new MultipassProvider({ ...options, platform: 'darwin', home: homedir(), image: 'default' });
    await expect(made.list()).rejects.toMatchObject({ code: 'MULTIPASS_MISSING' });
  });
});
