import { beforeEach, describe, expect, it } from 'vitest';
import { loadTemplates } from '../../../../src/cli/support/templates.js';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { guestProgram } from '../../../../src/guest/script.js';
import { installGuard, mountVolume, renderMountUnit } from '../../../../src/steps/mounts/mount.js';
import { failureOf, reads, Stage, WRITES } from '../../../helpers/step-context.js';

const PATH = '/opt/local-path-provisioner';
const UNIT_FILE = String.raw`/etc/systemd/system/opt-local\x2dpath\x2dprovisioner.mount`;
const GUARD = '/usr/local/lib/kglab/mounted';
const input = { machine: 'g1', volume: 'gv0', path: PATH, servers: ['g1', 'g2', 'g3'], local: true };

const templates = loadTemplates();
const unit = renderMountUnit(templates['gluster.mount'] ?? '', input);
const guard = guestProgram('guard.sh');
const READY = 'mounted localhost:/gv0\nenabled\nsealed\n';

const STATE = /^sh mount_state /;
const SEAL = /^sh seal /;

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});

const found = (state: string, unitText: string | undefined = unit) => {
  const file = (text: string | undefined) => (text === undefined ? { exitCode: 44 } : text);
  stage.on('g1').on(STATE, state);
  stage.on('g1').on(/^sh read_file \/etc\/systemd\/system\/opt-local/, file(unitText));
  return mountVolume.probe(input, stage.context());
};

const able = (): void => {
  stage
    .on('g1')
    .on(SEAL)
    .on(WRITES)
    .on(/^sh enable_unit /)
    .on(`${GUARD} ${PATH}`);
};

const apply = async (ms = 0): Promise<CliError | undefined> => {
  const ended = mountVolume.apply(input, stage.context()).then(
    () => undefined,
    (error: unknown) => error as CliError,
  );
  await stage.clock.advance(ms);
  return ended;
};

describe('mount: probe', () => {
  it('is satisfied when unit and mount are as wanted', async () => {
    expect(await found(READY)).toEqual({ state: 'satisfied' });
  });

  it.each([
    ['unmounted\nenabled\nsealed\n', unit, 'the volume is not mounted'],
    [READY, 'another unit', 'the systemd unit of the mount is missing or outdated'],
    [
      READY.replace('sealed\n', ''),
      unit,
      'the mount point is writable while nothing is mounted (not immutable)',
    ],
  ])('is pending: %j', async (state, unitText, because) => {
    expect(await found(state, unitText)).toEqual({ state: 'pending', because });
  });

  it('is pending when nothing is there yet', async () => {
    stage
      .on('g1')
      .on(STATE, 'unmounted\n')
      .on(/^sh read_file /, { exitCode: 44 });
    expect(await mountVolume.probe(input, stage.context())).toMatchObject({ state: 'pending' });
  });
});

describe('guard', () => {
  const g1 = { machine: 'g1' };

  it.each([
    [guard, undefined],
    ['an old guard', `${GUARD} is missing or outdated`],
    [undefined, `${GUARD} is missing or outdated`],
  ])('%#', async (text, because) => {
    stage.on('g1').on(reads(GUARD), text === undefined ? { exitCode: 44 } : text);
    expect(await installGuard.probe(g1, stage.context())).toEqual(
      because === undefined ? { state: 'satisfied' } : { state: 'pending', because },
    );
  });

  it('is written with mode 0755', async () => {
    stage.on('g1').on(WRITES);
    await installGuard.apply(g1, stage.context());
    expect(stage.written('g1', GUARD)).toBe(guard);
    expect(stage.calls[0]?.command.args[4]).toBe('0755');
  });
});

describe('mount: apply', () => {
  it('makes the directory immutable first, then mounts with the guard', async () => {
    able();
    expect(await apply()).toBeUndefined();
    const order = stage
      .ran('g1')
      .map((words) =>
        [SEAL, WRITES, /^sh enable_unit /, /mounted \/opt/].findIndex((one) => one.test(words)),
      );
    expect(order).toEqual([0, 1, 2, 3]);
    expect(stage.written('g1', UNIT_FILE)).toBe(unit);
  });

  it('throws MOUNT_NOT_EMPTY for a directory with files and writes nothing', async () => {
    able();
    stage.on('g1').on(SEAL, { exitCode: 17 });
    const error = await apply();
    expect(error).toMatchObject({ code: 'MOUNT_NOT_EMPTY', exitCode: 61 });
    expect(error?.hint).toContain(`kglab exec g1 -- ls -la ${PATH}`);
    expect(stage.ran('g1')).toHaveLength(1);
  });

  it('throws MOUNT_FAILED when the directory cannot be made immutable', async () => {
    able();
    stage.on('g1').on(SEAL, { exitCode: 1, stderr: 'chattr: Operation not supported' });
    expect(await apply()).toMatchObject({
      code: 'MOUNT_FAILED',
      details: ['chattr: Operation not supported'],
    });
  });

  it('retries while the bricks start', async () => {
    able();
    stage.on('g1').on(`${GUARD} ${PATH}`, { exitCode: 1 }, { exitCode: 1 }, '');
    expect(await apply(5000)).toBeUndefined();
    expect(stage.ran('g1').filter((words) => words.startsWith(GUARD))).toHaveLength(3);
  });

  it("throws MOUNT_FAILED with the end of gluster's log when the mount fails", async () => {
    able();
    stage
      .on('g1')
      .on(`${GUARD} ${PATH}`, { exitCode: 1, stderr: `kglab: ${PATH} is not a live Gluster mount` });
    stage
      .on('g1')
      .on(
        'tail -n 5 /var/log/glusterfs/opt-local-path-provisioner.log',
        'E [MSGID: 114058] failed to get the port\n',
      );
    const error = await apply(120_000);
    expect(error).toMatchObject({ code: 'MOUNT_FAILED', exitCode: 60 });
    expect(error?.message).toMatch(
      /^Mounting volume gv0 at \/opt\/local-path-provisioner on g1 ended with exit code 1$/,
    );
    expect(error?.details).toEqual([
      'E [MSGID: 114058] failed to get the port',
      `kglab: ${PATH} is not a live Gluster mount`,
    ]);
  });

  it('stops at once when the run is aborted', async () => {
    able();
    stage.on('g1').on(`${GUARD} ${PATH}`, { exitCode: 1 });
    const failure = failureOf(mountVolume.apply(input, stage.context()));
    await stage.clock.advance(600);
    stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
    await stage.clock.advance(10);
    expect(await failure).toMatchObject({ name: 'AbortError' });
  });
});
