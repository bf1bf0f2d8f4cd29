import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cmd, sh } from '../../../src/exec/command.js';
import { FileStore } from '../../../src/simulator/world-store.js';
import { systemClock } from '../../../src/util/clock.js';
import { waitFor } from '../../../src/util/wait.js';
import { simMachine, simulator } from './sim-machine.js';

describe('a world in a file', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kglab-sim-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const path = (): string => join(folder, 'kglab', 'simulator', 'demo', 'world.json');
  const process = () => simulator({ store: new FileStore(path(), systemClock) });
  const written = (text: string) =>
    waitFor(
      async () => {
        const { stdout } = await process()
          .machine('demo-one')
          .exec(cmd('cat', '/root/file'))
          .catch(() => ({ stdout: '' }));
        return stdout === text ? true : undefined;
      },
      { clock: systemClock, timeoutMs: 5_000, everyMs: 20 },
    );

  it('shows every process the last write of any process', async () => {
    const first = process();
    const machine = await simMachine(first);
    await machine.exec(sh('echo one > /root/file'));
    expect(await written('one\n')).toBe(true);
    await process().machine('demo-one').exec(sh('echo two > /root/file'));
    expect(await written('two\n')).toBe(true);
    expect((await machine.exec(cmd('cat', '/root/file'))).stdout).toBe('two\n');
    expect((await stat(path())).mode & 0o777).toBe(0o600);
  });

  it('continues from its saved time', async () => {
    const first = process();
    const machine = await simMachine(first);
    await machine.exec(sh('sleep 100000; date +%s > /root/then; echo x > /root/file'));
    expect(await written('x\n')).toBe(true);
    const { stdout } = await process().machine('demo-one').exec(sh('cat /root/then; date +%s'));
    const [then = 0, now = 0] = stdout.split('\n').map(Number);
    expect(then).toBeGreaterThan(100_000);
    expect(now).toBeGreaterThanOrEqual(then);
  });

  it.each(['', '{"version":1', 'null', '{}'])(
    'is refused and left unchanged when it is damaged: %j',
    async (text) => {
      await mkdir(dirname(path()), { recursive: true });
      await writeFile(path(), text);
      await expect(process().list()).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        hint: expect.stringContaining(`rm ${path()}`) as string,
      });
      await systemClock.sleep(100);
      expect(await readFile(path(), 'utf8')).toBe(text);
    },
  );

  it('leaves no file and no folder after the lab is removed', async () => {
    const provider = process();
    await simMachine(provider);
    await provider.remove('demo-one');
    await provider.foundation.remove();
    expect(await provider.abilities.traces()).toEqual([]);
    expect(await provider.list()).toEqual([]);
    await systemClock.sleep(150);
    expect(await readdir(folder)).toEqual([]);
  });
});

it('lists the network among the traces of a lab without machines', async () => {
  const provider = simulator();
  expect(await provider.abilities.traces()).toEqual([]);
  await provider.foundation.prepare();
  expect(await provider.abilities.traces()).toHaveLength(1);
});
