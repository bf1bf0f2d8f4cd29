import { beforeEach, describe, expect, it } from 'vitest';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { plannedVolumes, type PlannedVolume, type VolumeSpec } from '../../../../src/gluster/volume-spec.js';
import { prepareBrick } from '../../../../src/steps/gluster/brick.js';
import { setOptions } from '../../../../src/steps/gluster/options.js';
import { startVolume } from '../../../../src/steps/gluster/start.js';
import { createVolume } from '../../../../src/steps/gluster/volume.js';
import { failureOf, labOf, Stage } from '../../../helpers/step-context.js';
import { glusterXml } from '../../../helpers/transcript.js';

const [PLANNED] = plannedVolumes(labOf()) as [PlannedVolume];
const GV0: VolumeSpec = {
  ...PLANNED.volume,
  bricks: [1, 2, 3].map((index) => ({ machine: `g${index}`, path: `/srv/lab/n${index}/brick/b1` })),
  options: {},
};
const input = { volume: GV0, from: 'g1' };
const [BRICK] = GV0.bricks as [VolumeSpec['bricks'][0]];

const xml = (words: string): string => `gluster --mode=script --xml ${words}`;
const INFO = xml('volume info');
const STATUS = xml('volume status gv0');
const CREATE = xml(
  'volume create gv0 replica 3 g1:/srv/lab/n1/brick/b1 g2:/srv/lab/n2/brick/b1 g3:/srv/lab/n3/brick/b1 force',
);
const started = glusterXml('pool', 'g1', 'volume info gv0', 2);
const none = glusterXml('pool', 'g1', 'volume info');
const ID = 'ce5dce67b98a458eb0a8e701351f0fc9';

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});

describe('brick', () => {
  const brick = { brick: BRICK, volume: 'gv0', from: 'g1' };
  const LOOK = 'sh brick_state /srv/lab/n1/brick/b1 /etc/kglab/unfilled_srv_lab_n1_brick_b1';
  const probe = (state: string, info = none) => {
    stage.on('g1').on(LOOK, `${state}\n`).on(INFO, info);
    return prepareBrick.probe(brick, stage.context());
  };

  it('is pending when it is missing, and apply creates it', async () => {
    expect(await probe('missing')).toMatchObject({ state: 'pending' });
    const make = 'mkdir -p /srv/lab/n1/brick/b1';
    stage.on('g1').on(make);
    await prepareBrick.apply(brick, stage.context());
    expect(stage.ran('g1').at(-1)).toBe(make);
  });

  it('is satisfied when it is empty or has the id of its volume', async () => {
    expect(await probe('empty')).toEqual({ state: 'satisfied' });
    expect(await probe(ID, started)).toEqual({ state: 'satisfied' });
  });

  it.each([
    ['of another volume', '00112233445566778899aabbccddeeff', started, 'data of another volume'],
    ['of a volume the pool does not know', ID, none, 'data of another volume'],
    ['without a volume id', 'unmarked', started, 'files that are not from Gluster'],
  ])('throws GLUSTER_BRICK_LEFTOVER for data %s', async (_what, state, info, words) => {
    const error = (await failureOf(probe(state, info))) as CliError;
    expect(error).toMatchObject({ code: 'GLUSTER_BRICK_LEFTOVER', exitCode: 44 });
    expect(error.message).toContain(`g1:/srv/lab/n1/brick/b1 contains ${words}`);
    expect(error.hint).toContain('kglab exec g1 -- ls -la /srv/lab/n1/brick/b1');
    expect(stage.ran('g1').some((words_) => /rm |mkdir|clear_brick|unmark_brick/.test(words_))).toBe(false);
  });
});

describe('volume', () => {
  it('is satisfied by a volume with the same bricks and type', async () => {
    stage.on('g1').on(INFO, started);
    expect(await createVolume.probe(input, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('is created when it does not exist', async () => {
    stage
      .on('g1')
      .on(INFO, none)
      .on(CREATE, glusterXml('pool', 'g1', CREATE.slice(xml('').length)));
    expect(await createVolume.probe(input, stage.context())).toMatchObject({ state: 'pending' });
    await createVolume.apply(input, stage.context());
    expect(stage.ran('g1')).toContain(CREATE);
  });

  it('throws GLUSTER_VOLUME_DIFFERS when its bricks or type differ', async () => {
    stage.on('g1').on(INFO, started);
    const other = { ...input, volume: { ...GV0, bricks: GV0.bricks.slice(0, 2), replica: 2 } };
    const error = (await failureOf(createVolume.probe(other, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'GLUSTER_VOLUME_DIFFERS', exitCode: 46 });
    expect(error.message).toContain('g3:/srv/lab/n3/brick/b1');
  });

  it('accepts "already exists", and fails on any other refusal', async () => {
    const words = CREATE.slice(xml('').length);
    stage.on('g1').on(CREATE, glusterXml('pool', 'g1', words, 2));
    await createVolume.apply(input, stage.context());
    const root = glusterXml('pool', 'g1', words.replace(' force', ''));
    stage.on('g1').on(CREATE, root);
    const error = (await failureOf(createVolume.apply(input, stage.context()))) as CliError;
    expect(error.code).toBe('GLUSTER_FAILED');
    expect(error.details.join()).toContain('is being created in the root partition');
  });

  it('fails when gluster does not answer', async () => {
    stage
      .on('g1')
      .on(INFO, { exitCode: 1, stdout: 'Connection failed. Please check if gluster daemon is operational.' });
    const error = (await failureOf(createVolume.probe(input, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'GLUSTER_FAILED' });
    expect(error.details.join()).toContain('Connection failed');
  });
});

describe('options', () => {
  const wanted = {
    ...input,
    volume: {
      ...GV0,
      options: { 'network.ping-timeout': '10', 'nfs.disable': 'on', 'features.shard': 'on' },
    },
  };

  it('sets only the options that differ, in one command', async () => {
    const SET = xml('volume set gv0 network.ping-timeout 10 features.shard on');
    stage
      .on('g1')
      .on(INFO, started)
      .on(SET, glusterXml('options', 'g1', 'volume set gv0 network.ping-timeout 10'));
    expect(await setOptions.probe(wanted, stage.context())).toEqual({
      state: 'pending',
      because: 'network.ping-timeout is not 10, features.shard is not on',
    });
    await setOptions.apply(wanted, stage.context());
    expect(stage.ran('g1')).toContain(SET);
  });

  it('is satisfied when there are no options or all are set', async () => {
    stage.on('g1').on(INFO, started);
    expect(await setOptions.probe(input, stage.context())).toEqual({ state: 'satisfied' });
    const set = { ...input, volume: { ...GV0, options: { 'nfs.disable': 'on' } } };
    expect(await setOptions.probe(set, stage.context())).toEqual({ state: 'satisfied' });
  });

  it("shows gluster's message when an option does not exist", async () => {
    stage
      .on('g1')
      .on(INFO, started)
      .on(/volume set/, glusterXml('options', 'g1', 'volume set gv0 no.such 10'));
    const error = (await failureOf(setOptions.apply(wanted, stage.context()))) as CliError;
    expect(error.details).toEqual(['option : no.such does not exist', 'Did you mean nfs.acl or ...drc?']);
  });
});

describe('start', () => {
  const up = glusterXml('pool', 'g1', 'volume status gv0');
  const down = glusterXml('down', 'g1', 'volume status gv0');
  const START = xml('volume start gv0');
  const done = glusterXml('pool', 'g1', 'volume start gv0');
  const apply = async (ms: number): Promise<unknown> => {
    const ended = startVolume.apply(input, stage.context()).then(
      () => undefined,
      (error: unknown) => error,
    );
    await stage.clock.advance(ms);
    return ended;
  };

  it('is satisfied only when the volume is started and every brick is online', async () => {
    stage.on('g1').on(INFO, started).on(STATUS, up);
    expect(await startVolume.probe(input, stage.context())).toEqual({ state: 'satisfied' });
    stage.on('g1').on(STATUS, down);
    expect(await startVolume.probe(input, stage.context())).toEqual({
      state: 'pending',
      because: 'offline bricks: g3:/srv/lab/n3/brick/b1',
    });
    stage.on('g1').on(INFO, started.replace('>Started<', '>Stopped<')).on(STATUS, up);
    expect(await startVolume.probe(input, stage.context())).toMatchObject({ state: 'pending' });
  });

  it('is pending when the volume is stopped, and fails when gluster does not report its status', async () => {
    const refused = (words: string): string =>
      glusterXml('pool', 'g1', 'volume start nope').replace(
        /<opErrstr>.*<\/opErrstr>/,
        `<opErrstr>${words}</opErrstr>`,
      );
    stage.on('g1').on(INFO, started).on(STATUS, refused('Volume gv0 is not started'));
    expect(await startVolume.probe(input, stage.context())).toMatchObject({
      because: expect.stringContaining('g1:/srv/lab/n1/brick/b1') as string,
    });
    const words = 'Staging failed on g2. Error: Volume gv0 is not started';
    stage.on('g1').on(STATUS, refused(words));
    const error = (await failureOf(startVolume.probe(input, stage.context()))) as CliError;
    expect(error).toMatchObject({ code: 'GLUSTER_FAILED', details: [words] });
  });

  it('looks again when gluster does not report the bricks once', async () => {
    stage.on('g1').on(START, done).on(STATUS, { exitCode: 1, stderr: 'Error : Request timed out\n' }, up);
    expect(await apply(5000)).toBeUndefined();
    expect(stage.ran('g1')).not.toContain(`${START} force`);
  });

  it('starts the volume and waits for the bricks, even when it was started already', async () => {
    stage
      .on('g1')
      .on(START, glusterXml('pool', 'g1', 'volume start gv0', 2))
      .on(STATUS, down, down, up);
    expect(await apply(5000)).toBeUndefined();
    expect(stage.ran('g1').filter((words) => words === START)).toHaveLength(1);
    expect(stage.ran('g1')).not.toContain(`${START} force`);
  });

  it('starts missing bricks by force after a wait', async () => {
    stage.on('g1').on(START, done).on(STATUS, down);
    stage.on('g1').on(`${START} force`, () => {
      stage.on('g1').on(STATUS, up);
      return glusterXml('back', 'g1', 'volume start gv0 force');
    });
    expect(await apply(30_000)).toBeUndefined();
    expect(stage.said).toContainEqual(expect.stringContaining('with `force`'));
  });

  it('throws GLUSTER_BRICKS_OFFLINE with the bricks that stay offline', async () => {
    stage.on('g1').on(START, done).on(STATUS, down).on(`${START} force`, done);
    const error = (await apply(60_000)) as CliError;
    expect(error).toMatchObject({ code: 'GLUSTER_BRICKS_OFFLINE', exitCode: 45 });
    expect(error.message).toContain('g3:/srv/lab/n3/brick/b1');
    expect(error.hint).toContain('kglab exec g3 --');
  });
});
