import { beforeEach, describe, expect, it } from 'vitest';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { waitForBoot } from '../../../../src/steps/machines/boot.js';
import { createMachine } from '../../../../src/steps/machines/create.js';
import { withLabHosts, writeHostsFile } from '../../../../src/steps/machines/hosts-file.js';
import { failureOf, reads, Stage, WRITES } from '../../../helpers/step-context.js';

const MARK = 'kglab machine g1 of lab demo with id abc123';
const CLEAN = `${MARK}\n{"v1": {"errors": []}}`;
const BOOT = /^sh boot_state$/;
const AWAIT = /^sh await_boot$/;
const input = { machine: 'g1' };

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
  stage.on('g1').on(AWAIT);
});

describe('create', () => {
  const spec = { name: 'g1', cpus: 2, memoryMiB: 2048, diskGiB: 10 };

  it('creates a missing machine with its user data', async () => {
    stage.provider.infos = [];
    expect(await createMachine.probe(spec, stage.context())).toMatchObject({
      because: 'the machine does not exist',
    });
    await createMachine.apply(spec, stage.context());
    expect(stage.provider.created).toMatchObject([spec]);
    expect(stage.provider.created[0]?.userData).toContain(MARK);
    expect(stage.provider.started).toEqual([]);
  });

  it('starts a stopped machine instead of creating it', async () => {
    stage.provider.infos = [{ name: 'g1', state: 'stopped' }];
    expect(await createMachine.probe(spec, stage.context())).toMatchObject({
      because: 'the machine is stopped',
    });
    await createMachine.apply(spec, stage.context());
    expect([stage.provider.created, stage.provider.started]).toEqual([[], ['g1']]);
  });

  it('installs packages by cloud-init when the image lacks them', async () => {
    stage.provider.infos = [];
    stage.provider.features = { ...stage.provider.features, packagesInImage: false };
    await createMachine.apply(spec, stage.context());
    expect(stage.provider.created[0]?.userData).toContain('package_update: true');
  });
});

describe('ready', () => {
  it("is satisfied when the lab's machine has booted without errors", async () => {
    stage.on('g1').on(BOOT, CLEAN);
    expect(await waitForBoot.probe(input, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('waits until cloud-init is done', async () => {
    stage.on('g1').on(BOOT, '\n', `${MARK}\n`, CLEAN);
    expect(await waitForBoot.probe(input, stage.context())).toMatchObject({
      because: 'cloud-init is not done',
    });
    const applying = waitForBoot.apply(input, stage.context());
    await stage.clock.advance(5000);
    await applying;
    expect(stage.ran('g1').filter((words) => BOOT.test(words))).toHaveLength(3);
    expect(stage.ran('g1').some((words) => AWAIT.test(words))).toBe(true);
  });

  it.each(['probe', 'apply'] as const)(
    'throws MACHINE_FOREIGN for a machine of another lab: %s',
    async (what) => {
      stage.on('g1').on(BOOT, CLEAN.replace('abc123', 'other'));
      const error = (await failureOf(waitForBoot[what](input, stage.context()))) as CliError;
      expect(error).toMatchObject({ code: 'MACHINE_FOREIGN', exitCode: 33 });
      expect(error.details).toEqual(['/etc/kglab/machine says: kglab machine g1 of lab demo with id other']);
    },
  );

  it.each(['probe', 'apply'] as const)(
    'throws MACHINE_CLOUD_INIT with the errors of cloud-init: %s',
    async (what) => {
      stage.on('g1').on(BOOT, `${MARK}\n{"v1": {"errors": ["(\\"package_update_upgrade_install\\", 100)"]}}`);
      stage.on('g1').on('cloud-init status --long', { exitCode: 1, stdout: 'status: error\n' });
      const error = (await failureOf(waitForBoot[what](input, stage.context()))) as CliError;
      expect(error).toMatchObject({
        code: 'MACHINE_CLOUD_INIT',
        exitCode: 32,
        message: 'cloud-init failed on g1 (`cloud-init status` ended with exit code 1).',
      });
      expect(error.details).toEqual(['("package_update_upgrade_install", 100)', 'status: error']);
      expect(error.hint).toContain('/var/log/cloud-init-output.log');
    },
  );

  it('throws MACHINE_NOT_BOOTED after 15 minutes', async () => {
    stage.on('g1').on(BOOT, '\n');
    const failure = failureOf(waitForBoot.apply(input, stage.context()));
    await stage.clock.advance(16 * 60_000);
    expect(await failure).toMatchObject({ code: 'MACHINE_NOT_BOOTED', exitCode: 31 });
  });
});

describe('hosts', () => {
  const all = { machine: 'g1', names: ['g1', 'g2', 'g3'] };
  const HOSTS = ['g1', 'g2', 'g3'].map((name, index) => ({ name, address: `10.77.0.${11 + index}` }));

  it('writes all names with mode 0644', async () => {
    stage.on('g1').on(reads('/etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 g1\n').on(WRITES);
    expect(await writeHostsFile.probe(all, stage.context())).toMatchObject({ state: 'pending' });
    await writeHostsFile.apply(all, stage.context());
    const text = withLabHosts('127.0.0.1 localhost\n', HOSTS);
    expect(stage.written('g1', '/etc/hosts')).toBe(text);
    expect(stage.calls.at(-1)?.command.args.slice(3)).toEqual(['/etc/hosts', '0644', '']);
    stage.on('g1').on(reads('/etc/hosts'), text);
    expect(await writeHostsFile.probe(all, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('writes nothing when an address is unknown', async () => {
    stage.provider.infos = stage.provider.infos.map((info) =>
      info.name === 'g2' ? { name: 'g2', state: 'running' } : info,
    );
    const error = (await failureOf(writeHostsFile.probe(all, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'MACHINE_UNREACHABLE', message: 'No address is known for g2.' });
  });
});
