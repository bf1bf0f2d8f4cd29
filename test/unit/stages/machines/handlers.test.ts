import { beforeEach, describe, expect, it } from 'vitest';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { createHandler, hostsHandler, readyHandler } from '../../../../src/stages/machines/handlers.js';
import { withLabHosts } from '../../../../src/stages/machines/hosts-file.js';
import { failureOf, reads, Stage, WRITES } from '../../../helpers/step-context.js';

const MARK = 'kglab machine g1 of lab demo with id abc123';
const CLEAN = `${MARK}\n{"v1": {"errors": []}}`;
const BOOT = /cat \/etc\/kglab\/machine/;
const AWAIT = /^sh -c \s*until \[ -e \/run\/cloud-init\/result.json/;
const input = { machine: 'g1' };

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
  stage.on('g1').on(AWAIT);
});

describe('create', () => {
  const spec = { name: 'g1', cpus: 2, memoryMiB: 2048, diskGiB: 10 };

  it('creates a machine that is not there, with its user-data', async () => {
    stage.provider.infos = [];
    expect(await createHandler.probe(spec, stage.context())).toMatchObject({
      because: 'the machine does not exist',
    });
    await createHandler.apply(spec, stage.context());
    expect(stage.provider.created).toMatchObject([spec]);
    expect(stage.provider.created[0]?.userData).toContain(MARK);
    expect(stage.provider.started).toEqual([]);
  });

  it('starts one that is stopped, and does not make it anew', async () => {
    stage.provider.infos = [{ name: 'g1', state: 'stopped' }];
    expect(await createHandler.probe(spec, stage.context())).toMatchObject({
      because: 'the machine is stopped',
    });
    await createHandler.apply(spec, stage.context());
    expect([stage.provider.created, stage.provider.started]).toEqual([[], ['g1']]);
  });

  it('has packages installed where the image lacks them', async () => {
    stage.provider.infos = [];
    stage.provider.features = { ...stage.provider.features, packagesInImage: false };
    await createHandler.apply(spec, stage.context());
    expect(stage.provider.created[0]?.userData).toContain('package_update: true');
  });
});

describe('ready', () => {
  it('is satisfied by a clean boot of our own machine', async () => {
    stage.on('g1').on(BOOT, CLEAN);
    expect(await readyHandler.probe(input, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('waits until cloud-init is done', async () => {
    stage.on('g1').on(BOOT, '\n', `${MARK}\n`, CLEAN);
    expect(await readyHandler.probe(input, stage.context())).toMatchObject({
      because: 'cloud-init is not done',
    });
    const applying = readyHandler.apply(input, stage.context());
    await stage.clock.advance(5000);
    await applying;
    expect(stage.ran('g1').filter((words) => BOOT.test(words))).toHaveLength(3);
    expect(stage.ran('g1').some((words) => AWAIT.test(words))).toBe(true);
  });

  it.each(['probe', 'apply'] as const)('leaves a machine of another lab alone: %s', async (what) => {
    stage.on('g1').on(BOOT, CLEAN.replace('abc123', 'other'));
    const error = (await failureOf(readyHandler[what](input, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'MACHINE_FOREIGN', exitCode: 33 });
    expect(error.details).toEqual(['its /etc/kglab/machine says kglab machine g1 of lab demo with id other']);
  });

  it.each(['probe', 'apply'] as const)('shows what cloud-init complains of: %s', async (what) => {
    stage.on('g1').on(BOOT, `${MARK}\n{"v1": {"errors": ["(\\"package_update_upgrade_install\\", 100)"]}}`);
    stage.on('g1').on('cloud-init status --long', { exitCode: 1, stdout: 'status: error\n' });
    const error = (await failureOf(readyHandler[what](input, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'MACHINE_CLOUD_INIT', exitCode: 32 });
    expect(error.details).toEqual(['("package_update_upgrade_install", 100)', 'status: error']);
    expect(error.hint).toContain('/var/log/cloud-init-output.log');
  });

  it('gives up after a quarter of an hour', async () => {
    stage.on('g1').on(BOOT, '\n');
    const failure = failureOf(readyHandler.apply(input, stage.context()));
    await stage.clock.advance(16 * 60_000);
    expect(await failure).toMatchObject({ code: 'MACHINE_NOT_BOOTED', exitCode: 31 });
  });
});

describe('hosts', () => {
  const all = { machine: 'g1', names: ['g1', 'g2', 'g3'] };
  const HOSTS = ['g1', 'g2', 'g3'].map((name, index) => ({ name, address: `10.77.0.${11 + index}` }));

  it('writes all names, readable by everybody', async () => {
    stage.on('g1').on(reads('/etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 g1\n').on(WRITES);
    expect(await hostsHandler.probe(all, stage.context())).toMatchObject({ state: 'pending' });
    await hostsHandler.apply(all, stage.context());
    const text = withLabHosts('127.0.0.1 localhost\n', HOSTS);
    expect(stage.written('g1', '/etc/hosts')).toBe(text);
    expect(stage.calls.at(-1)?.command.args.slice(3)).toEqual(['/etc/hosts', '0644', '']);
    stage.on('g1').on(reads('/etc/hosts'), text);
    expect(await hostsHandler.probe(all, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('does not write half of the names', async () => {
    stage.provider.infos = stage.provider.infos.map((info) =>
      info.name === 'g2' ? { name: 'g2', state: 'running' } : info,
    );
    const error = (await failureOf(hostsHandler.probe(all, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'MACHINE_UNREACHABLE', message: 'No address is known for g2.' });
  });
});
