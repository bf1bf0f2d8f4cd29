import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotSpare } from '../../../src/app/assert-spare.js';
import { planTarget, rebuild } from '../../../src/app/rebuild.js';
import { whatGoes } from '../../../src/cli/rebuild.js';
import type { VolumeSpec } from '../../../src/gluster/volume-spec.js';
import { planRebuild } from '../../../src/recipe/rebuild.js';
import { planUp } from '../../../src/recipe/up.js';
import { labOf } from '../../helpers/step-context.js';
import { TestWorld } from '../../helpers/test-world.js';
import { writeRelease } from '../artifacts/fake-release.js';

let test: TestWorld;
beforeEach(async () => {
  test = await TestWorld.make();
});
afterEach(() => test.close());

const options = { k3sOnly: false, node: undefined, keepData: false };
const heal = (counts: readonly number[]): string =>
  `<cliOutput><healInfo><bricks>${counts
    .map(
      (count, index) =>
        `<brick><name>demo-node${index + 1}:/data/gv0</name><status>Connected</status><numberOfEntries>${count}</numberOfEntries></brick>`,
    )
    .join('')}</bricks></healInfo><opRet>0</opRet></cliOutput>`;

/** Moves time until `work` is done: between two moments, files of the host are read. */
const advance = async (work: Promise<unknown>): Promise<void> => {
  let done = false;
  void work.finally(() => (done = true));
  while (!done) await test.stage.clock.advance(500);
};

describe('planTarget', () => {
  it('refuses a protected lab', async () => {
    const record = test.record({ protected: true });
    await expect(planTarget(await test.lab(test.world(), record), options)).rejects.toMatchObject({
      code: 'LAB_PROTECTED',
      exitCode: 13,
    });
  });

  it('takes every existing machine, whatever the lab file says', async () => {
    test.stage.provider.infos = [{ name: 'demo-old', state: 'stopped' }];
    expect(await planTarget(await test.lab(), options)).toEqual({
      ...{ what: 'machines', machines: ['demo-old'], keepData: false },
    });
  });

  it.each([
    { node: 'node9' },
    { k3sOnly: true, keepData: true },
    { k3sOnly: true, node: 'node1' },
    { keepData: true },
  ])('is refused for %j', async (more) => {
    await expect(planTarget(await test.lab(), { ...options, ...more })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('refuses a node whose brick has pending heals', async () => {
    const brick = test.record().config.volumes[0]?.brick ?? '';
    const answer = (counts: readonly number[]): string => heal(counts).replaceAll('/data/gv0', brick);
    test.stage.on('demo-node1').on(/heal gv0 info$/, answer([0, 4, 0]));
    const failing = planTarget(await test.lab(), { ...options, node: 'node2' }).catch(
      (error: unknown) => error,
    );
    await advance(failing);
    expect(await failing).toMatchObject({
      code: 'GLUSTER_DATA_LOST',
      hint: expect.stringContaining('--keep-data') as string,
    });
    test.stage.on('demo-node1').on(/heal gv0 info$/, answer([4, 0, 4]));
    expect(await planTarget(await test.lab(), { ...options, node: 'demo-node2' })).toMatchObject({
      machines: ['demo-node2'],
    });
  });
});

describe('changes made while the user was asked', () => {
  it('refuses a lab that was protected in the meantime, and keeps the protection', async () => {
    await test.store.save(test.record({ protected: true }));
    const rebuilding = rebuild('demo', ({ config }) => config, options, test.world());
    await expect(rebuilding).rejects.toMatchObject({ code: 'LAB_PROTECTED' });
    expect(await test.store.load('demo')).toEqual(test.record({ protected: true }));
  });

  it('refuses a node whose brick got pending heals in the meantime', async () => {
    writeRelease(join(test.base, 'cache', 'k3s', 'v1.36.2+k3s1', 'amd64'), { version: 'v1.36.2+k3s1' });
    await test.store.save(test.record());
    await test.store.ensureToken('demo');
    const brick = test.record().config.volumes[0]?.brick ?? '';
    for (const name of ['demo-node1', 'demo-node2', 'demo-node3'])
      test.stage.on(name).on(/./, { exitCode: 1 });
    test.stage.on('demo-node1').on(/heal gv0 info$/, heal([0, 4, 0]).replaceAll('/data/gv0', brick));
    const rebuilding = rebuild(
      'demo',
      ({ config }) => config,
      { ...options, node: 'node2' },
      test.world(),
    ).catch((error: unknown) => error);
    await advance(rebuilding);
    expect(await rebuilding).toMatchObject({ code: 'GLUSTER_DATA_LOST' });
  });
});

describe('the question', () => {
  const lines = (...machines: string[]): string =>
    whatGoes({ what: 'machines', machines, keepData: false }, test.record()).join('\n');

  it('says that the cluster is lost with the machine of its server', () => {
    expect(lines('demo-node1')).toContain(
      'demo-node1 is the k3s server: the whole Kubernetes cluster is lost with it.',
    );
    expect(lines('demo-node2')).not.toContain('cluster');
  });
});

describe('a node with bricks of dedicated volumes', () => {
  const claimed = `<cliOutput><opRet>0</opRet><volInfo><volumes><volume><name>pvc-1</name><id>1-2</id>
    <statusStr>Started</statusStr><replicaCount>3</replicaCount><bricks>${[1, 2, 3]
      .map((n) => `<brick><name>demo-node${n}:/data/pvc-1</name></brick>`)
      .join('')}</bricks></volume></volumes></volInfo></cliOutput>`;

  it('is refused while these have pending heals, whichever peer knows of them', async () => {
    const { config } = test.record();
    const brick = config.volumes[0]?.brick ?? '';
    test.stage.on('demo-node1').on(/volume info$/, '<cliOutput><opRet>0</opRet></cliOutput>');
    test.stage.on('demo-node3').on(/volume info$/, claimed);
    test.stage.on('demo-node3').on(/heal gv0 info$/, heal([0, 0, 0]).replaceAll('/data/gv0', brick));
    const owed = (counts: readonly number[]): string => heal(counts).replaceAll('gv0', 'pvc-1');
    test.stage.on('demo-node3').on(/heal pvc-1 info$/, owed([0, 4, 0]));
    const failing = planTarget(await test.lab(), { ...options, node: 'node2' }).catch(
      (error: unknown) => error,
    );
    await advance(failing);
    expect(await failing).toMatchObject({
      code: 'GLUSTER_DATA_LOST',
      message: expect.stringContaining('volume pvc-1 would lose data') as string,
    });
    test.stage.on('demo-node3').on(/heal pvc-1 info$/, owed([0, 0, 4]));
    expect(await planTarget(await test.lab(), { ...options, node: 'node2' })).toMatchObject({
      machines: ['demo-node2'],
    });
  });
});

describe('whyNotSpare', () => {
  const volume = (type: VolumeSpec['type'], replica = 3): VolumeSpec => ({
    ...{ name: 'gv0', type, replica, redundancy: 0, quota: false, options: {} },
    bricks: ['a', 'b', 'c'].map((machine) => ({ machine, path: '/b' })),
  });
  const found = (counts: readonly (number | undefined)[]) =>
    volume('replica').bricks.map(({ machine }, index) => ({
      ...{ brick: `${machine}:/b`, status: '', pending: counts[index] },
    }));

  it('allows a brick that is offline, but not if another one is offline, too', () => {
    const three = volume('replica');
    expect(whyNotSpare(found([0, undefined, 9]), 'b:/b', three)).toBeUndefined();
    expect(whyNotSpare(found([0, undefined, undefined]), 'b:/b', three)).toContain('c:/b is not online');
    expect(whyNotSpare(found([0, 0, undefined]), 'b:/b', three)).toContain('c:/b is not online');
  });

  it.each([volume('arbiter'), volume('disperse'), volume('replica', 2)])(
    'keeps a brick that is away where it may be the only one that saw a write: $type $replica',
    (one) => {
      expect(whyNotSpare(found([undefined, 9, 9]), 'a:/b', one)).toContain('start it first: kglab up');
      expect(whyNotSpare(found([0, 9, 9]), 'a:/b', one)).toBeUndefined();
    },
  );
});

describe('planRebuild', () => {
  const config = labOf('name: demo\n');
  const up = planUp(config).steps.map(({ id }) => id);

  it('removes a machine before anything is created, then runs all steps of `up`', () => {
    const { steps } = planRebuild(config, { what: 'machines', machines: ['demo-node2'], keepData: false });
    expect(steps.map(({ id }) => id)).toEqual(['machines.remove:demo-node2', ...up]);
    expect(steps[1]?.needs).toEqual(['machines.remove:demo-node2']);
  });

  it('keeps the brick folders with keepData', () => {
    const { steps } = planRebuild(config, { what: 'machines', machines: ['demo-node1'], keepData: true });
    expect(steps[0]?.input).toEqual({ name: 'demo-node1', keep: ['/data'] });
  });

  it('keeps the bricks of dedicated volumes as well, wherever the lab file puts them', () => {
    const lab = labOf(
      'name: demo\ngluster: { brick: /srv/bricks }\nstorage: { classes: [{ name: own, mode: dedicated }] }\n',
    );
    const { steps } = planRebuild(lab, { what: 'machines', machines: ['demo-node1'], keepData: true });
    expect(steps[0]?.input).toMatchObject({ keep: ['/srv/bricks/gv0', '/srv/bricks/.claims'] });
  });

  it('removes k3s from the server first, after machines run and before k3s is installed', () => {
    const { steps } = planRebuild(config, { what: 'k3s' });
    const resets = steps.filter(({ kind }) => kind === 'k3s.reset');
    expect(resets.map(({ id }) => id)).toEqual([
      'k3s.reset:demo-node1',
      'k3s.reset:demo-node2',
      'k3s.reset:demo-node3',
    ]);
    expect(resets[1]?.needs).toContain('k3s.reset:demo-node1');
    for (const install of steps.filter(({ kind }) => kind === 'k3s.install'))
      expect(install.needs).toEqual(expect.arrayContaining(resets.map(({ id }) => id)));
    expect(steps.map(({ id }) => id).filter((id) => !id.startsWith('k3s.reset'))).toEqual(up);
  });
});
