import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cmd, sh } from '../../../src/exec/command.js';
import { FileStore } from '../../../src/simulator/world-store.js';
import { systemClock } from '../../../src/util/clock.js';
import { waitFor } from '../../../src/util/wait.js';
import { SimLab } from '../../helpers/sim-lab.js';
import { simMachine, simulator } from './sim-machine.js';

const UNREACHABLE = { code: 'MACHINE_UNREACHABLE' };

describe('poweroff on a simulated machine', () => {
  it.each([
    ['poweroff', ['-ff']],
    ['poweroff', ['--force', '--force']],
    ['systemctl', ['poweroff', '-ff']],
  ])('%s %j cuts the power: the command fails as unreachable', async (file, args) => {
    const provider = simulator();
    const machine = await simMachine(provider);
    await expect(machine.exec(cmd(file, ...args))).rejects.toMatchObject(UNREACHABLE);
    expect(await provider.list()).toMatchObject([{ state: 'stopped' }]);
    await provider.start('demo-one');
    expect(await machine.exec(cmd('cat', '/etc/kglab/machine'))).toMatchObject({ stdout: 'ours' });
  });

  it.each([
    ['poweroff', []],
    ['systemctl', ['poweroff']],
  ])('%s %j shuts the machine down and succeeds', async (file, args) => {
    const provider = simulator();
    const machine = await simMachine(provider);
    expect(await machine.exec(cmd(file, ...args))).toMatchObject({ exitCode: 0 });
    expect(await provider.list()).toMatchObject([{ state: 'stopped' }]);
  });

  it('ends a script that is still running when the shutdown completes', async () => {
    const provider = simulator();
    const machine = await simMachine(provider);
    const script = sh('systemctl poweroff; touch /root/soon; sleep 10; touch /root/late');
    await expect(machine.exec(script)).rejects.toMatchObject(UNREACHABLE);
    await provider.start('demo-one');
    expect((await machine.exec(cmd('ls', '/root'))).stdout).toBe('soon\n');
  });

  it('is repaired by up', async () => {
    const lab = new SimLab('name: demo\nprovider: simulator\n');
    await lab.up();
    await expect(lab.exec('node3', cmd('poweroff', '-ff'))).rejects.toMatchObject(UNREACHABLE);
    expect((await lab.up()).changed).toBeGreaterThan(0);
    expect((await lab.up()).changed).toBe(0);
  });

  it('is saved in the file of the world for the next process', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kglab-power-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'a', 'b', 'world.json');
    const process = () => simulator({ store: new FileStore(path, systemClock) });
    const stateOf = async () => (await process().list())[0]?.state;
    const until = (state: string) =>
      waitFor(async () => ((await stateOf()) === state ? true : undefined), {
        ...{ clock: systemClock, timeoutMs: 5_000, everyMs: 20 },
      });
    const machine = await simMachine(process());
    expect(await until('running')).toBe(true);
    await expect(machine.exec(cmd('poweroff', '-ff'))).rejects.toMatchObject(UNREACHABLE);
    expect(await until('stopped')).toBe(true);
  });
});
