import { execFileSync } from 'node:child_process';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectLogs, collectRuns } from '../../../src/app/logs.js';
import { CliError } from '../../../src/errors/cli-error.js';
import { ScriptedExecutor } from '../../helpers/scripted-executor.js';
import { TestWorld } from '../../helpers/test-world.js';

let test: TestWorld;
beforeEach(async () => {
  test = await TestWorld.make();
  await test.store.save(test.record());
});
afterEach(() => test.close());

describe('collectLogs', () => {
  it('removes the folder of a killed run, and an archive that could not be completed', async () => {
    for (const name of test.stage.machines) test.stage.on(name).on(/./, '');
    const dir = test.store.dir('demo');
    const left = join(dir, `.evidence-${hostname()}~1~12345~aaaaaa`);
    const old = join(dir, 'kglab-demo-20250101T000000-0a1b');
    for (const path of [left, old]) await mkdir(path);
    await utimes(old, 0, 0);
    const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
    const host = new ScriptedExecutor('host').on(/^tar /, { exitCode: 2, stderr: 'No space left' });
    const target = join(test.base, 'all.tar.gz');
    await expect(collectLogs(await test.lab(test.world({ clock, host })), target)).rejects.toMatchObject({
      code: 'HOST_UNFIT',
    });
    expect(await readdir(dir)).toEqual(['lab.json']);
    await expect(stat(target)).rejects.toThrow('ENOENT');
  });

  it('collects from running machines, without secrets, and names the others', async () => {
    const token = await test.store.ensureToken('demo');
    const [one, two, three] = test.stage.machines.map((name) => test.stage.on(name));
    one?.on(/./, `the token is ${token}\npassword=hunter2hunter2\n`);
    two?.on(/./, new CliError('MACHINE_UNREACHABLE', 'Machine demo-node2 does not answer.'));
    three?.on(/./, '');
    const { provider } = test.stage;
    provider.infos = provider.infos.map((info) =>
      info.name === 'demo-node3' ? { ...info, state: 'stopped' } : info,
    );
    await mkdir(test.store.logDir('demo'), { recursive: true });
    await writeFile(join(test.store.logDir('demo'), 'up.log'), `ran with ${token}\n`);
    const target = join(test.base, 'all.tar.gz');
    const { silent } = await collectLogs(await test.lab(), target);
    expect(silent).toEqual(['demo-node3 (stopped)']);
    expect((await stat(target)).mode & 0o777).toBe(0o600);
    const names = execFileSync('tar', ['-tzf', target], { encoding: 'utf8' });
    for (const name of [
      'config.yaml',
      'plan.txt',
      'runs/up.log',
      'machines/demo-node1/journal.txt',
      'gluster/heal.txt',
      'cluster/events.txt',
    ])
      expect(names).toContain(name);
    const text = execFileSync('tar', ['-xzOf', target], { encoding: 'utf8' });
    expect(text).not.toContain(token);
    expect(text).not.toContain('hunter2');
    expect(text).toContain('(not collected: Machine demo-node2 does not answer.)');
    expect((await stat(test.store.dir('demo'))).isDirectory()).toBe(true);
    expect(execFileSync('ls', [test.store.dir('demo')], { encoding: 'utf8' })).not.toContain('kglab-demo');
  });

  it("collects the machines' consoles, without secrets, also of one that does not boot", async () => {
    const token = await test.store.ensureToken('demo');
    const path = join(test.base, 'console.log');
    await writeFile(path, `\u001b[1mKernel panic\u001b[0m token ${token}\n`);
    for (const name of test.stage.machines) test.stage.on(name).on(/./, '');
    const consoles = () =>
      Promise.resolve([
        { machine: 'demo-node1', path },
        { machine: 'demo-node2', path: join(test.base, 'none') },
      ]);
    test.stage.provider.abilities = { consoles };
    const target = join(test.base, 'all.tar.gz');
    await collectLogs(await test.lab(), target);
    const text = execFileSync('tar', ['-xzOf', target, '--wildcards', '*/machines/demo-node1/console.txt'], {
      encoding: 'utf8',
    });
    expect(text).toBe('Kernel panic token ***\n');
    expect(execFileSync('tar', ['-tzf', target], { encoding: 'utf8' })).not.toContain('node2/console');
  });
});

describe('collectRuns', () => {
  it('packs the logs of a lab that was never created, if there are any', async () => {
    const target = join(test.base, 'runs.tar.gz');
    expect(await collectRuns('other', target, test.world())).toBe(false);
    await mkdir(test.store.logDir('other'), { recursive: true });
    await writeFile(join(test.store.logDir('other'), 'up.log'), 'host unfit, password=hunter2\n');
    expect(await collectRuns('other', target, test.world())).toBe(true);
    const text = execFileSync('tar', ['-xzOf', target], { encoding: 'utf8' });
    expect(text).toContain('host unfit');
    expect(text).not.toContain('hunter2');
  });
});
