import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesOf, type Summary } from '../helpers/summary.js';
import { NOTHING } from './support/host-state.js';
import { isRoot, TestLab } from './support/kglab.js';
import { actAt, killUpAt, nameOf, type Moment } from './support/kill-at.js';
import { filesOf, freeze, providerOf, recordOf, stateDir, tracesOnHost } from './support/lab-internals.js';

/** Early moments: the lab is also removed from each of these. */
const EARLY: readonly Moment[] = [
  { kind: 'machines.prepare', at: 'pending' },
  { kind: 'machines.create', at: 'pending', afterMs: 150 },
  { kind: 'machines.create', at: 'finished' },
];

/** In the order of a run; each test continues from where the one before was killed. */
const MIDDLE: readonly Moment[] = [
  { kind: 'machines.ready', at: 'pending', afterMs: 300 },
  { kind: 'machines.hosts', at: 'pending' },
  // These two steps run in parallel. The shorter one is killed first, so that the other is still pending.
  { kind: 'gluster.service', at: 'pending' },
  { kind: 'k3s.install', at: 'pending', afterMs: 400 },
  { kind: 'gluster.pool', at: 'pending', afterMs: 400 },
];

const BRICKS: readonly Moment[] = [
  { kind: 'gluster.brick', at: 'finished' },
  { kind: 'gluster.volume', at: 'pending', afterMs: 200 },
  { kind: 'gluster.start', at: 'pending', afterMs: 500 },
];

const LATE: readonly Moment[] = [
  { kind: 'k3s.service', at: 'pending', afterMs: 1000 },
  { kind: 'k3s.kubeconfig', at: 'finished' },
  { kind: 'provisioner.apply', at: 'pending', afterMs: 500 },
  { kind: 'smoke.run', at: 'says' },
];

/** `down` removes everything of a lab, and a second `down` has nothing to do. */
const downLeavesNothing = async (lab: TestLab): Promise<void> => {
  const { id } = await recordOf(lab);
  const found = await lab.json<{ left: readonly unknown[]; before: readonly unknown[] }>('down', '--yes');
  expect(found.left).toEqual([]);
  expect(found.before.length).toBeGreaterThan(0);
  expect(await tracesOnHost(lab, id)).toEqual(NOTHING);
  expect(await filesOf(lab)).toEqual([]);
  expect((await lab.run('down', '--yes')).exitCode).toBe(0);
};

describe.skipIf(!isRoot)('a lab whose `up` is killed or fails half-way (skipped without root)', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await TestLab.make();
  });
  afterAll(() => lab.destroy());

  it.each(EARLY.map((moment) => [nameOf(moment), moment] as const))(
    'is removed completely by `down` after `up` was killed at %s',
    async (_name, moment) => {
      await killUpAt(lab, moment);
      await downLeavesNothing(lab);
    },
  );

  it.each(MIDDLE.map((moment) => [nameOf(moment), moment] as const))(
    'survives a kill of `up` at %s',
    async (_name, moment) => killUpAt(lab, moment),
  );

  it('names the machine whose disk is full, and continues once there is room', async () => {
    await lab.sh('node2', 'mount -t tmpfs -o nr_inodes=1 full /data');
    const { exitCode, stderr } = await lab.run('up');
    expect(exitCode).toBe(40);
    expect(stderr).toContain(`Creating brick directory ${lab.machine('node2')}:`);
    expect(stderr).toContain('No space left on device');
    expect(stderr).toContain('df -h');
    await lab.sh('node2', 'umount /data');
  });

  it.each(BRICKS.map((moment) => [nameOf(moment), moment] as const))(
    'survives a kill of `up` at %s',
    async (_name, moment) => killUpAt(lab, moment),
  );

  it('fails when a machine loses power during a mount, and continues with the next `up`', async () => {
    const provider = await providerOf(lab);
    const cut = await actAt(lab, ['up'], { kind: 'mounts.mount', at: 'pending', afterMs: 300 }, () =>
      provider.stop(lab.machine('node3'), { force: true }),
    );
    expect(cut.reached).toBe(true);
    expect(cut.exitCode).toBeGreaterThan(0);
    expect(cut.stderr).toContain(lab.machine('node3'));
  });

  it.each(LATE.map((moment) => [nameOf(moment), moment] as const))(
    'survives a kill of `up` at %s',
    async (_name, moment) => killUpAt(lab, moment),
  );

  it('is complete after a last `up`, and another `up` has nothing to do', async () => {
    await lab.ok('up');
    await lab.healed();
    await lab.whole();
  });

  it('keeps its id when its record is lost, and `down` removes everything without the record', async () => {
    const { id } = await recordOf(lab);
    await rm(stateDir(lab), { recursive: true });
    const status = await lab.json<{ pending: readonly { id: string }[] }>('status', '-n', lab.name);
    expect(status.pending.map((step) => step.id)).toEqual(['k3s.kubeconfig']);
    await rm(stateDir(lab), { recursive: true });
    expect(changesOf(await lab.json<Summary>('up'))).toEqual([
      expect.stringMatching(/^k3s\.kubeconfig: /) as string,
    ]);
    expect((await recordOf(lab)).id).toBe(id);
  });

  it('is removed with one machine deleted, one off, one frozen, and no record', async () => {
    const provider = await providerOf(lab);
    const { id } = await recordOf(lab);
    await freeze(lab, id, 'node1');
    await provider.remove(lab.machine('node2'));
    await provider.stop(lab.machine('node3'), { force: true });
    await rm(stateDir(lab), { recursive: true });
    const found = await lab.json<{ id: string; left: readonly unknown[] }>('down', '-n', lab.name, '--yes');
    expect(found).toMatchObject({ id, left: [] });
    expect((await tracesOnHost(lab, id)).processes).toEqual([]);
    expect(await filesOf(lab)).toEqual([]);
  });
});

describe.skipIf(!isRoot)('`down` of a lab that a killed `up` left (skipped without root)', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await TestLab.make('nodes: 1\n');
  });
  afterAll(() => lab.destroy());

  it.each(
    [...MIDDLE.filter(({ kind }) => kind !== 'gluster.pool'), ...BRICKS, ...LATE].map(
      (moment) => [nameOf(moment), moment] as const,
    ),
  )('is gone wholly: killed at %s', async (_name, moment) => {
    await killUpAt(lab, moment);
    await downLeavesNothing(lab);
  });

  it('removes everything when the disk of a machine is full', async () => {
    await lab.ok('up', '--until', 'machines');
    await lab.sh('node1', 'mount -t tmpfs -o nr_inodes=1 full /data');
    expect((await lab.run('up')).exitCode).toBe(40);
    await downLeavesNothing(lab);
  });
});
