import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cmd } from '../../../../src/exec/command.js';
import { MultipassProvider } from '../../../../src/providers/multipass/provider.js';
import type { MachineSpec } from '../../../../src/machines/provider.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { FakeDaemon } from './fake-daemon.js';

const lab = { name: 'demo', id: 'c0ffee' };
const NAME = 'demo-node1';
const spec = (name = NAME): MachineSpec => ({
  name,
  cpus: 2,
  memoryMiB: 2048,
  diskGiB: 10,
  userData: '#cloud-config\n',
});
const fails = (stderr: string, exitCode = 2) => ({ exitCode, stderr: `launch failed: ${stderr}` });
const OCCURRED = 'The following errors occurred:\n';

/** A start that comes up without SSH. */
const late = { exitCode: 2, stderr: `start failed: ${OCCURRED}${NAME}: timed out waiting for response` };
const unknown = (): void => daemon.put(NAME, 'Unknown');

let clock: FakeClock;
let daemon: FakeDaemon;
let dataDir: string;

beforeEach(async () => {
  clock = new FakeClock();
  daemon = new FakeDaemon(clock, lab.id);
  dataDir = await mkdtemp(join(tmpdir(), 'kglab-mp-unit-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const provider = (): MultipassProvider =>
  new MultipassProvider({
    lab,
    host: daemon,
    clock,
    dataDir,
    platform: 'linux',
    home: '/home/me',
    image: 'default',
  });

const record = async (): Promise<unknown> =>
  (JSON.parse(await readFile(join(dataDir, 'multipass.json'), 'utf8')) as { machines: unknown }).machines;

/** A launch of this name was begun, and its end never seen. */
const noteLaunching = (): Promise<void> =>
  writeFile(
    join(dataDir, 'multipass.json'),
    JSON.stringify({ lab: lab.id, machines: { [NAME]: 'launching' } }),
  );

const deletes = (): readonly string[] => daemon.changes().filter((call) => call.startsWith('delete'));

/** Lets time pass until the work is done. Real file access lies between two looks at the clock. */
const inTime = async <T>(work: Promise<T>): Promise<T> => {
  let done = false;
  const finish = (): void => void (done = true);
  work.then(finish, finish);
  while (!done) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return work;
};

describe('launching', () => {
  it('records the name before the launch (mode 0600), and that it was made afterwards', async () => {
    let before: unknown;
    daemon.on('launch', 'Launched', async () => {
      before = await record();
      daemon.put(NAME, 'Running');
    });
    const made = provider();
    await inTime(made.create(spec()));
    expect(before).toEqual({ [NAME]: 'launching' });
    expect(await record()).toEqual({ [NAME]: 'made' });
    expect((await stat(join(dataDir, 'multipass.json'))).mode & 0o777).toBe(0o600);
    expect(await made.list()).toEqual([{ name: NAME, state: 'running', address: '10.1.2.3' }]);
  });

  it.each([
    ['the client has given up', fails('Timed out waiting for instance launch.', 5)],
    ['cloud-init is slow', fails(`${OCCURRED}timed out waiting for initialization to complete`)],
    ['the client itself hangs', { silent: true } as const],
  ])('watches the machine when %s, and goes on when it runs', async (_why, answer) => {
    daemon.on('launch', answer, () => {
      void clock.sleep(40_000).then(() => daemon.put(NAME, 'Starting'));
      void clock.sleep(70_000).then(() => daemon.put(NAME, 'Running'));
    });
    await inTime(provider().create(spec()));
    expect(daemon.changes().filter((call) => call.startsWith('launch'))).toHaveLength(1);
    expect(daemon.changes().filter((call) => call.startsWith('delete'))).toEqual([]);
    expect(await record()).toEqual({ [NAME]: 'made' });
  });

  it('purges a machine without SSH, that one alone, and launches it once more', async () => {
    daemon.put('demo-other', 'Stopped');
    daemon.on('launch', fails(`${OCCURRED}${NAME}: timed out waiting for response`), () =>
      daemon.put(NAME, 'Unknown'),
    );
    await inTime(provider().create(spec()));
    expect(daemon.changes().map((call) => call.split(' ').slice(0, 3).join(' '))).toEqual([
      'launch 24.04 --name',
      `delete --purge ${NAME}`,
      'launch 24.04 --name',
    ]);
  });

  it('fails after the second attempt and keeps the machine in the record', async () => {
    const broken = fails(`${OCCURRED}${NAME}: timed out waiting for response`);
    daemon.on('launch', broken, () => daemon.put(NAME, 'Unknown'));
    daemon.on('launch', broken, () => daemon.put(NAME, 'Unknown'));
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_NOT_BOOTED' });
    expect(await record()).toEqual({ [NAME]: 'launching' });
    await inTime(provider().remove(NAME));
    expect([...daemon.instances]).toEqual([]);
    expect(await record()).toEqual({});
  });

  it('purges and launches again, at the next up, a machine that never came up', async () => {
    daemon.put(NAME, 'Unknown');
    await noteLaunching();
    daemon.on('start', late, unknown).on('start', late, unknown);
    await inTime(provider().create(spec()));
    expect(daemon.changes().map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      ...['stop --force', `start ${NAME}`, 'stop --force', `start ${NAME}`],
      ...['delete --purge', 'launch 24.04'],
    ]);
    expect(daemon.instances.get(NAME)?.state).toBe('Running');
  });

  it('refreshes a stale list of images, once', async () => {
    daemon.on('launch', fails('Downloaded image hash does not match')).on('find', '{}');
    await inTime(provider().create(spec()));
    expect(daemon.changes().map((call) => call.split(' ')[0])).toEqual(['launch', 'find', 'launch']);
  });

  it.each([
    [fails('KVM support is not enabled on this machine.'), 'MULTIPASS_HOST'],
    [fails('Invalid arguments supplied\nInvalid disk size value supplied: 1M.'), 'MACHINE_FAILED'],
  ])('does not repeat what was refused, and forgets the name', async (answer, code) => {
    daemon.on('launch', answer);
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code });
    expect(daemon.changes().filter((call) => call.startsWith('launch 24.04'))).toHaveLength(1);
    expect(await record()).toEqual({});
  });

  it('fetches the image with the first alone, then lets two others go beside it, in its zone', async () => {
    daemon.version = '1.17.0';
    const names = ['demo-a', 'demo-b', 'demo-c', 'demo-d', 'demo-e'];
    const under = new Set<string>();
    const counts: number[] = [];
    let beside = (): void => undefined;
    const three = new Promise<void>((resolve) => (beside = resolve));
    for (const name of names)
      daemon.on(`launch 24.04 --name ${name}`, `Launched: ${name}\n`, async () => {
        under.add(name);
        await clock.sleep(20_000);
        counts.push(under.size);
        daemon.put(name, 'Starting');
        if (under.size >= 3) beside();
        await three;
        await clock.sleep(20_000);
        counts.push(under.size);
        daemon.put(name, 'Running');
        under.delete(name);
      });
    const made = provider();
    await inTime(Promise.all(names.map((name) => made.create(spec(name)))));
    expect(counts).toHaveLength(10);
    // Until its instance is there, no other launch is begun.
    expect(counts[0]).toBe(1);
    expect(Math.max(...counts)).toBe(3);
    const launches = daemon.changes();
    expect(launches[0]).not.toContain('--zone');
    expect(launches.slice(1).every((call) => call.endsWith('--zone zone2'))).toBe(true);
  });
});

describe('a launch that was interrupted', () => {
  beforeEach(noteLaunching);

  it('is recorded as made when its machine runs, and the machine is not purged', async () => {
    daemon.put(NAME, 'Running');
    const first = provider();
    expect(await inTime(first.list())).toEqual([{ name: NAME, state: 'unknown' }]);
    await inTime(first.create(spec()));
    expect(await record()).toEqual({ [NAME]: 'made' });
    expect((await inTime(first.list()))[0]?.state).toBe('running');
    daemon.put(NAME, 'Unknown');
    daemon.on('start', late, unknown).on('start', late, unknown);
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_NOT_BOOTED' });
    expect(deletes()).toEqual([]);
  });

  it('is recorded as made by a start, too', async () => {
    daemon.put(NAME, 'Stopped');
    await inTime(provider().start(NAME));
    expect(await record()).toEqual({ [NAME]: 'made' });
  });

  it('is awaited while the daemon continues it', async () => {
    daemon.on('launch', fails(`instance "${NAME}" is being prepared`), () => {
      void clock.sleep(70_000).then(() => daemon.put(NAME, 'Running'));
    });
    await inTime(provider().create(spec()));
    expect(deletes()).toEqual([]);
    expect(await record()).toEqual({ [NAME]: 'made' });
  });

  it.each([
    ['another mark', 'kglab machine demo-node1 of lab demo with id another', true],
    ['no mark after its boot', '', true],
  ])('does not make ours what runs in its place with %s', async (_what, marker, booted) => {
    daemon.put(NAME, 'Running', marker, booted);
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    expect(await record()).toEqual({});
    await noteLaunching();
    await inTime(provider().remove(NAME));
    expect(deletes()).toEqual([]);
    expect(await record()).toEqual({});
  });

  it('waits for the marker of a booting instance before a removal', async () => {
    daemon.put(NAME, 'Running', '', false);
    void clock.sleep(20_000).then(() => daemon.put(NAME, 'Running', '', true));
    await inTime(provider().remove(NAME));
    expect(deletes()).toEqual([]);
  });

  it('stays in the record while the owner of the machine is unknown', async () => {
    const broken = { exitCode: 2, stderr: "exec failed: ssh connection failed: 'Timeout'" };
    daemon.put(NAME, 'Running');
    daemon.on('exec', '\u001ekglab-begin\n\n\u001ekglab-end 0\n').on('exec', broken);
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
    daemon.put(NAME, 'Running', '', false);
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_NOT_BOOTED' });
    expect(await record()).toEqual({ [NAME]: 'launching' });
    await inTime(provider().remove(NAME));
    expect(deletes()).toEqual([`delete --purge ${NAME}`]);
  });
});

describe('instances of others', () => {
  it.each(['Running', 'Stopped', 'Deleted', 'Unknown'])('are not touched when they are %s', async (state) => {
    daemon.put(NAME, state, '');
    const stranger = provider();
    await expect(stranger.create(spec())).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    await expect(stranger.start(NAME)).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    await expect(stranger.stop(NAME, { force: true })).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    await stranger.remove(NAME);
    await stranger.foundation.remove();
    expect(await stranger.list()).toEqual([]);
    expect(daemon.changes()).toEqual([]);
  });

  it('are recognised by their marker when they appear during a launch', async () => {
    daemon.on('launch', fails(`instance "${NAME}" already exists`), () => daemon.put(NAME, 'Running', ''));
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    expect(await record()).toEqual({});
    expect(daemon.instances.has(NAME)).toBe(true);
  });

  it.each([
    ['already exists', 'Stopped'],
    ['already exists', 'Unknown'],
    ['is being prepared', 'Unknown'],
    ['is being prepared', 'Running'],
  ])('are never purged when a launch meets one that %s, then %s', async (words, state) => {
    daemon.on('launch', fails(`instance "${NAME}" ${words}`), () => {
      void clock.sleep(40_000).then(() => daemon.put(NAME, state, ''));
    });
    await expect(inTime(provider().create(spec()))).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    expect(deletes()).toEqual([]);
    expect(await record()).toEqual({});
    await inTime(provider().foundation.remove());
    expect(daemon.instances.has(NAME)).toBe(true);
  });

  it('are refused when they appear while a launch is queued', async () => {
    daemon.on('launch 24.04 --name demo-first', '', async () => {
      await clock.sleep(60_000);
      daemon.put('demo-first', 'Running');
      daemon.put(NAME, 'Unknown', '');
    });
    const made = provider();
    const first = made.create(spec('demo-first'));
    const second = made.create(spec());
    second.catch(() => undefined);
    await inTime(first);
    await expect(inTime(second)).rejects.toMatchObject({ code: 'MACHINE_FOREIGN' });
    expect(daemon.changes().filter((call) => call.includes(NAME))).toEqual([]);
    expect(await record()).toEqual({ 'demo-first': 'made' });
  });

  it('are not removed when one has replaced a machine of the lab', async () => {
    await inTime(provider().create(spec()));
    daemon.put(NAME, 'Running', 'kglab machine demo-node1 of lab demo with id another');
    await inTime(provider().remove(NAME));
    expect(daemon.instances.has(NAME)).toBe(true);
    expect(await record()).toEqual({});
  });

  it('are not touched when only the record of another lab names them', async () => {
    daemon.put(NAME, 'Running');
    await writeFile(
      join(dataDir, 'multipass.json'),
      JSON.stringify({ lab: 'older', machines: { [NAME]: 'made' } }),
    );
    expect(await provider().list()).toEqual([]);
  });
});

describe('addresses', () => {
  beforeEach(() => inTime(provider().create(spec())));

  it('are asked of each machine alone, and a guest that hangs keeps nothing else from working', async () => {
    daemon.put('demo-other', 'Running');
    daemon.calls.length = 0;
    daemon.on('exec', { silent: true });
    const made = provider();
    expect(await inTime(made.list())).toEqual([{ name: NAME, state: 'running' }]);
    expect(await made.list()).toEqual([{ name: NAME, state: 'running' }]);
    const lists = daemon.calls.filter((call) => call.startsWith('list'));
    expect(lists.length).toBeGreaterThan(0);
    expect(lists.filter((call) => !call.includes('--no-ipv4'))).toEqual([]);
    await inTime(made.stop(NAME, { force: true }));
    expect((await made.list())[0]?.state).toBe('stopped');
  });

  it('are asked for again after a start', async () => {
    const made = provider();
    expect((await inTime(made.list()))[0]?.address).toBe('10.1.2.3');
    await inTime(made.stop(NAME));
    daemon.address = '10.1.2.99';
    await inTime(made.start(NAME));
    expect((await inTime(made.list()))[0]?.address).toBe('10.1.2.99');
  });
});

describe('power', () => {
  beforeEach(() => inTime(provider().create(spec())));

  it.each([
    ['Stopped', [`start ${NAME}`]],
    ['Suspended', [`start ${NAME}`]],
    ['Delayed Shutdown', [`start ${NAME}`]],
    ['Deleted', [`recover ${NAME}`, `start ${NAME}`]],
    ['Unknown', [`stop --force ${NAME}`, `start ${NAME}`]],
    ['Running', []],
  ])('starts one that is %s', async (state, calls) => {
    daemon.put(NAME, state);
    daemon.calls.length = 0;
    await inTime(provider().create(spec()));
    expect(daemon.changes().map((call) => call.replace(/ --timeout \d+/, ''))).toEqual(calls);
  });

  it('restarts a machine without SSH once, then throws MACHINE_NOT_BOOTED', async () => {
    daemon.put(NAME, 'Stopped');
    daemon.on('start', late, unknown).on('start', late, unknown);
    await expect(inTime(provider().start(NAME))).rejects.toMatchObject({ code: 'MACHINE_NOT_BOOTED' });
    expect(daemon.changes().filter((call) => call.startsWith('stop --force'))).toHaveLength(1);
  });

  it('cuts the power from inside before 1.14', async () => {
    daemon.version = '1.13.1';
    daemon.calls.length = 0;
    await inTime(provider().stop(NAME, { force: true }));
    expect(daemon.calls.some((call) => call.includes('poweroff --force --force'))).toBe(true);
    expect(daemon.calls.some((call) => call.includes('stop --force'))).toBe(false);
  });

  it('throws when a stop had no effect', async () => {
    daemon.on(`stop ${NAME}`, '');
    await expect(inTime(provider().stop(NAME))).rejects.toMatchObject({ code: 'MULTIPASS_FAILED' });
  });
});

describe('removal', () => {
  const preparing = fails(`instance "${NAME}" is being prepared`);
  const busy = { exitCode: 5, stderr: 'Timed out waiting for instance launch.' };
  beforeEach(noteLaunching);

  it('waits for an instance that is still being prepared, and says so', async () => {
    daemon.on('launch kglab-', preparing).on('launch kglab-', busy);
    daemon.on('launch kglab-', preparing, () => daemon.put(NAME, 'Starting'));
    const said: string[] = [];
    await inTime(provider().foundation.remove({ onLine: (line) => void said.push(line) }));
    expect([...daemon.instances]).toEqual([]);
    expect(said).toEqual([`multipass is still launching ${NAME}; kglab removes ${NAME} when that is done`]);
    await expect(record()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the record when the service is too busy to answer', async () => {
    for (let look = 0; look < 2_000; look += 1) daemon.on('launch kglab-', busy);
    await expect(inTime(provider().foundation.remove())).rejects.toMatchObject({ code: 'MULTIPASS_TIMEOUT' });
    expect(await record()).toEqual({ [NAME]: 'launching' });
  });

  it('lists a launch as a trace until its instance exists', async () => {
    const made = provider();
    expect(await made.abilities.traces()).toEqual([{ kind: 'machine being launched', what: NAME }]);
    daemon.put(NAME, 'Starting');
    expect(await made.abilities.traces()).toEqual([]);
  });

  it('stops waiting when aborted, and keeps the record', async () => {
    for (let look = 0; look < 20; look += 1) daemon.on('launch kglab-', preparing);
    const stop = new AbortController();
    void clock.sleep(5_000).then(() => stop.abort());
    const ended = inTime(provider().foundation.remove({ signal: stop.signal }));
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
    expect(await record()).toEqual({ [NAME]: 'launching' });
  });
});

describe('a daemon in trouble', () => {
  it('throws MULTIPASS_WEDGED, and MULTIPASS_TIMEOUT when only the command hangs', async () => {
    daemon.on('list', { silent: true });
    await expect(inTime(provider().list())).rejects.toMatchObject({ code: 'MULTIPASS_TIMEOUT' });
    daemon.wedged = true;
    const error = await inTime(
      provider()
        .list()
        .catch((caught: unknown) => caught),
    );
    expect(error).toMatchObject({ code: 'MULTIPASS_WEDGED' });
    expect((error as { hint: string }).hint).toContain('sudo snap restart multipass');
    expect(clock.now()).toBeLessThan(200_000);
  });

  it('is awaited while it restarts', async () => {
    const down = { exitCode: 2, stderr: 'list failed: cannot connect to the multipass socket' };
    daemon.on('list', down).on('list', down);
    expect(await inTime(provider().list())).toEqual([]);
    expect(daemon.calls).toHaveLength(3);
  });

  it('throws MULTIPASS_DAEMON_DOWN when it does not come back', async () => {
    for (let look = 0; look < 50; look += 1)
      daemon.on('list', { exitCode: 2, stderr: 'list failed: cannot connect to the multipass socket' });
    await expect(inTime(provider().list())).rejects.toMatchObject({ code: 'MULTIPASS_DAEMON_DOWN' });
    expect(clock.now()).toBeLessThan(30_000);
  });

  it('is asked nothing else during a stop', async () => {
    const made = provider();
    await inTime(made.create(spec()));
    let ended = Infinity;
    const begun = new Promise<void>((resolve) => {
      daemon.on(`stop ${NAME}`, '', async () => {
        resolve();
        await clock.sleep(90_000);
        daemon.put(NAME, 'Stopped');
        ended = clock.now();
      });
    });
    const stopping = made.stop(NAME);
    const listed = begun.then(async () => {
      await made.list();
      return clock.now();
    });
    await inTime(stopping);
    expect(await inTime(listed)).toBeGreaterThanOrEqual(ended);
  });
});

describe('commands in a machine', () => {
  beforeEach(() => inTime(provider().create(spec())));
  const machine = () => provider().machine(NAME);
  const last = () => daemon.calls.at(-1) ?? '';

  it('run as root, with a limit of their own in the machine', async () => {
    await inTime(machine().exec(cmd('echo', 'a b'), { timeoutMs: 5_000 }));
    expect(last()).toMatch(/^exec -n demo-node1 -- sudo -n -H -- sh -c /);
    expect(last()).toMatch(/ kglab 5 PATH=\S+ HOME=\/root LC_ALL=C -- echo a b$/);
  });

  it('never start a machine that is off', async () => {
    daemon.put(NAME, 'Stopped');
    daemon.calls.length = 0;
    await expect(inTime(machine().exec(cmd('true')))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
    await expect(inTime(Promise.resolve(machine().hostCommand?.(cmd('true'))))).rejects.toMatchObject({
      code: 'MACHINE_UNREACHABLE',
    });
    expect(daemon.calls.some((call) => call.startsWith('exec'))).toBe(false);
  });

  it.each([
    [{ exitCode: 2, stderr: "exec failed: ssh connection failed: 'Timeout'" }],
    [{ exitCode: 255, stderr: "exec failed: ssh connection failed: 'Timeout'" }],
    [{ exitCode: 255, stderr: '' }],
    ['\u001ekglab-begin\nhalf of it'],
    [{ silent: true } as const],
  ])('throw when the end line is missing: %j', async (answer) => {
    daemon.on('exec', answer);
    await expect(inTime(machine().exec(cmd('true')))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
  });

  it('that hang advise a power cut, not a restart over the same connection', async () => {
    daemon.on('exec', { silent: true });
    const error = await inTime(
      machine()
        .exec(cmd('true'))
        .catch((caught: unknown) => caught),
    );
    expect((error as { hint: string }).hint).toContain(`multipass stop --force ${NAME}`);
  });

  it('return their own exit code when multipass uses the same one', async () => {
    daemon.on('exec', '\u001ekglab-begin\n\n\u001ekglab-end 2\n');
    expect(await inTime(machine().exec(cmd('false')))).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('refuse to carry a secret', async () => {
    const command = { ...cmd('echo', 'token=abc'), secrets: ['abc'] };
    await expect(machine().exec(command)).rejects.toMatchObject({ code: 'BUG' });
    await expect(
      machine().exec({ ...cmd('env'), env: { T: 'abc' }, secrets: ['abc'] }),
    ).rejects.toMatchObject({ code: 'BUG' });
    await inTime(machine().exec({ ...cmd('cat'), stdin: 'abc', secrets: ['abc'] }));
    expect(daemon.calls.join('\n')).not.toContain('abc');
  });

  it('are plain on a terminal of a person', async () => {
    const command = await machine().hostCommand?.(cmd('bash'));
    expect(command).toMatchObject({ file: 'multipass', cwd: '/home/me' });
    expect(command?.args.slice(0, 8)).toEqual(['exec', '-n', NAME, '--', 'sudo', '-n', '-H', '--']);
    expect(command?.args.at(-1)).toBe('bash');
  });
});

describe('a damaged record', () => {
  it.each(['', '{"lab":"c0f', 'null', '[]', '{"lab":"c0ffee"}'])(
    'is refused by all that asks what the lab has made, and left as it is: %j',
    async (text) => {
      daemon.put(NAME, 'Running');
      const path = join(dataDir, 'multipass.json');
      await writeFile(path, text);
      const mp = provider();
      const asked = [
        () => mp.list(),
        () => mp.abilities.traces(),
        () => mp.foundation.remove(),
        () => mp.remove(NAME),
        () => mp.create(spec()),
      ];
      for (const ask of asked)
        await expect(ask()).rejects.toMatchObject({
          code: 'RECORD_DAMAGED',
          message: expect.stringContaining(path) as string,
          hint: expect.stringMatching(/multipass list.*multipass delete --purge.*rm \//) as string,
        });
      expect(await readFile(path, 'utf8')).toBe(text);
      expect(daemon.changes()).toEqual([]);
    },
  );
});
