import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTemplates } from '../../src/cli/support/templates.js';
import { cmd, sh, type Command, type CommandResult } from '../../src/exec/command.js';
import { readFile, writeFile } from '../../src/guest/files.js';
import type { MachineProvider, MachineSpec } from '../../src/machines/provider.js';
import { gluster } from '../../src/gluster/commands.js';
import { parseHeal, parsePeers, parseStatus, parseVolumes } from '../../src/gluster/parse.js';
import { parseAnswer, type Answer } from '../../src/gluster/xml.js';
import { parseBoot } from '../../src/steps/machines/boot.js';
import { markerOf, renderUserData } from '../../src/steps/machines/create.js';
import { withLabHosts } from '../../src/steps/machines/hosts-file.js';
import type { Clock } from '../../src/util/clock.js';
import { waitFor } from '../../src/util/wait.js';

/** What the suite needs of an implementation. */
export interface Candidate {
  readonly lab: { readonly name: string; readonly id: string };
  /** A provider as a new process would have it. */
  provider(): MachineProvider;
  readonly clock: Clock;
  /** Removes what is left, whatever happened. */
  clear(): Promise<void>;
}

const NODES = ['one', 'two', 'three'] as const;
const BRICK = '/data/brick/v';
const MOUNT = '/mnt/v';
/** Longest that one command may take, and longest until something has come to be. */
const EXEC_MS = 60_000;
const WAIT_MS = 300_000;

/** A file that others can read when this has ended: Gluster lets the last of a write go on after `close`. */
const WRITE = 'echo "$1" > "$2" && sync "$2"';

/** One scenario on three machines; each test leaves what the next one finds. */
export const providerContract = (title: string, make: () => Promise<Candidate>): void => {
  describe(title, () => {
    let candidate: Candidate;
    const names = (): string[] => NODES.map((node) => `${candidate.lab.name}-${node}`);
    const name = (index: number): string => names()[index] as string;
    const exec = (machine: string, command: Command): Promise<CommandResult> =>
      candidate.provider().machine(machine).exec(command, { timeoutMs: EXEC_MS });
    const ask = async (machine: string, ...args: string[]): Promise<Answer> => {
      const { stdout, stderr } = await exec(machine, gluster(...args));
      return parseAnswer(stdout, stderr);
    };
    const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
      const found = await waitFor(look, { clock: candidate.clock, timeoutMs: WAIT_MS, everyMs: 500 });
      if (found === undefined) throw new Error('it did not come to be in time');
      return found;
    };
    const states = async (): Promise<Record<string, string>> => {
      const infos = await candidate.provider().list();
      return Object.fromEntries(infos.map((info) => [info.name.split('-').at(-1) ?? '', info.state]));
    };

    beforeAll(async () => {
      candidate = await make();
    });
    afterAll(() => candidate.clear());

    const spec = (machine: string): MachineSpec => ({
      ...{ name: machine, cpus: 1, memoryMiB: 768, diskGiB: 8 },
      userData: renderUserData(loadTemplates()['machine.yaml'] ?? '', {
        machine,
        lab: candidate.lab,
        install: !candidate.provider().features.packagesInImage,
      }),
    });

    it('prepares once, and has no machines then', async () => {
      expect(await candidate.provider().foundation.missing()).toEqual(expect.any(String));
      await candidate.provider().foundation.prepare();
      expect(await candidate.provider().foundation.missing()).toBeUndefined();
      await candidate.provider().foundation.prepare();
      expect(await candidate.provider().list()).toEqual([]);
    });

    it('does not reach a machine that is not there, and removes it without an error', async () => {
      await expect(exec(name(0), cmd('true'))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
      await candidate.provider().remove(name(0));
    });

    it('creates machines that run, each with an address', async () => {
      await Promise.all(names().map((machine) => candidate.provider().create(spec(machine))));
      expect(await states()).toEqual({ one: 'running', two: 'running', three: 'running' });
      const addresses = (await candidate.provider().list()).map(({ address }) => address);
      expect(new Set(addresses).size).toBe(3);
      for (const address of addresses) expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      await candidate.provider().create(spec(name(0)));
    });

    it('runs commands as root: exit codes, streams, standard input', async () => {
      expect(await exec(name(0), sh('echo out; echo err >&2; exit 7'))).toMatchObject({
        ...{ exitCode: 7, stdout: 'out\n', stderr: 'err\n' },
      });
      expect((await exec(name(0), { ...cmd('cat'), stdin: 'given\n' })).stdout).toBe('given\n');
      expect((await exec(name(0), cmd('hostname'))).stdout).toBe(`${name(0)}\n`);
      expect((await exec(name(0), sh('no-such-program'))).exitCode).toBe(127);
      expect((await exec(name(0), sh('[ "$1" = "a b" ] && echo "$2"', 'a b', "it's"))).stdout).toBe("it's\n");
    });

    it('lets cloud-init mark the machine and finish without errors', async () => {
      const script = sh(
        'cat /etc/kglab/machine; echo; [ -e /var/lib/cloud/instance/boot-finished ] && cat /run/cloud-init/result.json',
      );
      for (const machine of names()) {
        const boot = await until(async () => {
          const seen = parseBoot((await exec(machine, script)).stdout);
          return seen.done ? seen : undefined;
        });
        expect(boot).toEqual({ marker: markerOf({ machine, lab: candidate.lab }), done: true, errors: [] });
      }
    });

    it('writes files whole and reads them back', async () => {
      const machine = candidate.provider().machine(name(0));
      await writeFile(machine, '/etc/kglab/deep/er/file', 'text\n', { mode: '0600' });
      expect(await readFile(machine, '/etc/kglab/deep/er/file')).toBe('text\n');
      expect(await readFile(machine, '/etc/kglab/none')).toBeUndefined();
      expect((await exec(name(0), cmd('stat', '-c', '%a', '/etc/kglab/deep/er/file'))).stdout).toBe('600\n');
      expect((await exec(name(0), cmd('ls', '/etc/kglab/deep/er'))).stdout).toBe('file\n');
    });

    it('keeps the disk over a power cut, and loses what is in memory', async () => {
      await exec(name(0), sh('echo kept > /root/kept; echo lost > /run/lost; sync'));
      await candidate.provider().stop(name(0), { force: true });
      expect(await states()).toMatchObject({ one: 'stopped', two: 'running' });
      await expect(exec(name(0), cmd('true'))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
      await candidate.provider().start(name(0));
      expect(await states()).toMatchObject({ one: 'running' });
      expect((await exec(name(0), sh('cat /root/kept; cat /run/lost 2>/dev/null; :'))).stdout).toBe('kept\n');
    });

    it('makes a pool of machines that know each other by name', async () => {
      const infos = await candidate.provider().list();
      const hosts = infos.map((info) => ({ name: info.name, address: info.address ?? '' }));
      for (const machine of names()) {
        const text = (await readFile(candidate.provider().machine(machine), '/etc/hosts')) ?? '';
        await writeFile(candidate.provider().machine(machine), '/etc/hosts', withLabHosts(text, hosts), {
          mode: '0644',
        });
        expect((await exec(machine, cmd('systemctl', 'enable', '--now', 'glusterd.service'))).exitCode).toBe(
          0,
        );
      }
      for (const machine of names())
        await until(async () => ((await ask(machine, 'pool', 'list')).ok ? true : undefined));
      expect(await ask(name(0), 'peer', 'probe', 'nobody')).toMatchObject({ ok: false, errno: 107 });
      expect(await ask(name(0), 'peer', 'probe', name(0))).toMatchObject({ ok: true, errno: 1 });
      for (const machine of [name(1), name(2)])
        expect(await ask(name(0), 'peer', 'probe', machine)).toMatchObject({ ok: true, errno: 0 });
      expect(await ask(name(0), 'peer', 'probe', name(1))).toMatchObject({ ok: true, errno: 2 });
      const formed = async (machine: string) => {
        const peers = parsePeers(await ask(machine, 'pool', 'list'));
        const good = peers.filter(({ connected, state }) => connected && state === 3);
        return good.length === 3 ? good : undefined;
      };
      for (const machine of names()) await until(() => formed(machine));
      // Until then glusterd would say that it knows that peer, and not keep the name.
      expect(await ask(name(1), 'peer', 'probe', name(0))).toMatchObject({ ok: true });
      for (const machine of names()) {
        const known = ['localhost', ...names().filter((other) => other !== machine)];
        const peers = await until(async () => {
          const found = await formed(machine);
          const called = found?.flatMap((peer) => peer.names) ?? [];
          return known.every((one) => called.includes(one)) ? found : undefined;
        });
        expect(new Set(peers.map(({ uuid }) => uuid)).size).toBe(3);
      }
    });

    it('makes a volume where it can be, and only there', async () => {
      const places = names().map((machine) => `${machine}:${BRICK}`);
      const create = ['volume', 'create', 'v', 'replica', '3', ...places, 'force'];
      expect(await ask(name(0), ...create)).toMatchObject({
        ok: false,
        message: expect.stringContaining('Failed to create brick directory') as string,
      });
      for (const machine of names()) await exec(machine, cmd('mkdir', '-p', '/data/brick'));
      expect(await ask(name(0), ...create)).toMatchObject({ ok: true });
      expect(await ask(name(0), ...create)).toMatchObject({ ok: false, message: 'Volume v already exists' });
      const [volume] = parseVolumes(await ask(name(1), 'volume', 'info'));
      expect(volume).toMatchObject({ name: 'v', started: false, replica: 3, arbiter: 0, bricks: places });
      const mark = sh(
        'getfattr --absolute-names -n trusted.glusterfs.volume-id -e hex --only-values "$1" | od -An -tx1 | tr -d \' \\n\'',
        BRICK,
      );
      expect((await exec(name(2), mark)).stdout).toBe(volume?.id.replaceAll('-', ''));
      expect(await ask(name(0), 'volume', 'info', 'none')).toMatchObject({ ok: false });
    });

    it('mounts a volume only when it is started', async () => {
      const mount = sh(`mkdir -p ${MOUNT} && mount -t glusterfs localhost:/v ${MOUNT}`);
      expect(await ask(name(0), 'volume', 'status', 'v')).toMatchObject({ ok: false });
      expect((await exec(name(0), mount)).exitCode).not.toBe(0);
      const quick = ['network.ping-timeout', '5', 'cluster.heal-timeout', '5'];
      expect(await ask(name(0), 'volume', 'set', 'v', ...quick)).toMatchObject({ ok: true });
      expect(await ask(name(0), 'volume', 'start', 'v')).toMatchObject({ ok: true });
      expect(await ask(name(0), 'volume', 'start', 'v')).toMatchObject({
        ...{ ok: false, message: 'Volume v already started' },
      });
      await until(async () => ((await online()).length === 3 ? true : undefined));
      for (const machine of [name(0), name(1)]) {
        await until(async () => ((await exec(machine, mount)).exitCode === 0 ? true : undefined));
        expect((await exec(machine, sh('stat -f -c %t "$1"', MOUNT))).stdout).toBe('65735546\n');
      }
      const [volume] = parseVolumes(await ask(name(2), 'volume', 'info', 'v'));
      expect(volume).toMatchObject({ started: true, options: { 'network.ping-timeout': '5' } });
      expect((await exec(name(0), sh(WRITE, 'proof', `${MOUNT}/file`))).exitCode).toBe(0);
      expect((await exec(name(1), cmd('cat', `${MOUNT}/file`))).stdout).toBe('proof\n');
      expect((await exec(name(2), sh('ls /mnt/v 2>/dev/null; :'))).stdout).toBe('');
    });

    const online = async (): Promise<string[]> =>
      parseStatus(await ask(name(0), 'volume', 'status', 'v'))
        .filter(({ path, online: up }) => path === BRICK && up)
        .map(({ host }) => host);

    /** Whether the first machine's glusterd has a connection to that of another. */
    const sees = async (machine: string): Promise<boolean> =>
      parsePeers(await ask(name(0), 'peer', 'status')).find(({ names: known }) => known.includes(machine))
        ?.connected === true;

    const heal = async () => parseHeal(await ask(name(0), 'volume', 'heal', 'v', 'info'));

    it('goes on without a machine that lost its power', async () => {
      await candidate.provider().stop(name(2), { force: true });
      expect((await exec(name(0), sh(WRITE, 'more', `${MOUNT}/other`))).exitCode).toBe(0);
      expect((await exec(name(1), cmd('cat', `${MOUNT}/other`))).stdout).toBe('more\n');
      const away = (await heal()).find(({ brick }) => brick.startsWith(name(2)));
      expect(away).toMatchObject({ status: 'Transport endpoint is not connected', pending: undefined });
      expect((await heal())[0]?.pending).toBeGreaterThan(0);
    });

    it('has the machine back with its brick, and heals it', async () => {
      await candidate.provider().start(name(2));
      await until(async () => ((await online()).length === 3 ? true : undefined));
      await until(async () =>
        (await exec(name(2), cmd('systemctl', 'is-active', 'glusterd'))).stdout === 'active\n'
          ? true
          : undefined,
      );
      const healed = await until(async () => {
        const waiting = (await heal()).map(({ pending }) => pending);
        return waiting.length === 3 && waiting.every((count) => count === 0) ? waiting : undefined;
      });
      expect(healed).toEqual([0, 0, 0]);
    });

    it('loses a volume with its quorum, and has it again with the machines', async () => {
      await Promise.all(
        [name(1), name(2)].map((machine) => candidate.provider().stop(machine, { force: true })),
      );
      const read = sh('timeout 50 cat "$1/file"', MOUNT);
      await until(async () => ((await exec(name(0), read)).exitCode === 0 ? undefined : true));
      await Promise.all([name(1), name(2)].map((machine) => candidate.provider().start(machine)));
      expect(await until(async () => (await exec(name(0), read)).stdout || undefined)).toBe('proof\n');
      // Two bricks are enough to read by.
      await until(async () => ((await online()).length === 3 ? true : undefined));
    });

    it('shuts down in order, and starts again with what is enabled', async () => {
      await candidate.provider().stop(name(1));
      expect(await states()).toMatchObject({ one: 'running', two: 'stopped' });
      await candidate.provider().stop(name(1));
      // A glusterd that went in order is missed at once; after a power cut that takes the others most of a minute.
      await until(async () => ((await sees(name(1))) ? undefined : true));
      await until(async () => ((await online()).join() === `${name(0)},${name(2)}` ? true : undefined));
      await candidate.provider().start(name(1));
      await candidate.provider().start(name(1));
      await until(async () =>
        (await exec(name(1), cmd('systemctl', 'is-active', '-q', 'glusterd'))).exitCode === 0
          ? true
          : undefined,
      );
      expect((await exec(name(1), sh('grep -c fuse.glusterfs /proc/self/mounts; :'))).stdout).toBe('0\n');
    });

    it('removes machines and leaves nothing', async () => {
      for (const machine of names()) await candidate.provider().remove(machine);
      await candidate.provider().remove(name(0));
      expect(await candidate.provider().list()).toEqual([]);
      await candidate.provider().foundation.remove();
      await candidate.provider().foundation.remove();
      expect((await candidate.provider().abilities.traces?.()) ?? []).toEqual([]);
      expect(await candidate.provider().foundation.missing()).toEqual(expect.any(String));
    });
  });
};
