import { describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../../../src/gluster/volume-spec.js';
import { healVolume, healGap } from '../../../../src/steps/gluster/healing.js';
import { failureOf, Stage } from '../../../helpers/step-context.js';

const bricks = ['g1', 'g2', 'g3'].map((machine) => ({ machine, path: '/data/b' }));
const volume: VolumeSpec = {
  ...{ name: 'gv0', type: 'replica', replica: 3, redundancy: 0, quota: false, options: {}, bricks },
};
const INPUT = { volume, from: 'g1' };
const INFO = /heal gv0 info$/;
const heal = (...counts: readonly (number | '-')[]): string => {
  const found = counts.map(
    (count, index) =>
      `<brick hostUuid="${count}"><name>g${index + 1}:/data/b</name><status>${count === '-' ? 'Transport endpoint is not connected' : 'Connected'}</status><numberOfEntries>${count}</numberOfEntries></brick>`,
  );
  return `<cliOutput><healInfo><bricks>${found.join('')}</bricks></healInfo><opRet>0</opRet></cliOutput>`;
};

const run = async <T>(stage: Stage, work: Promise<T>, ms: number): Promise<T> => {
  await stage.clock.advance(ms);
  return work;
};

describe('heal', () => {
  it('healGap is undefined only when every brick answers and has no pending heals', () => {
    const whole = ['a', 'b'].map((brick) => ({ brick, status: 'Connected', pending: 0 }));
    expect(healGap(whole, 2)).toBeUndefined();
    expect(healGap(whole, 3)).toBe('not every brick answers');
    expect(healGap([{ brick: 'a', status: 'gone', pending: undefined }], 1)).toBe('a does not answer: gone');
    expect(healGap([{ brick: 'a', status: 'Connected', pending: 7 }], 1)).toBe('7 pending heals');
  });

  it('is satisfied when the pending heals disappear within a few looks', async () => {
    const stage = new Stage();
    stage.on('g1').on(INFO, heal(0, 1, 0), heal(1, 0, 0), heal(0, 0, 0));
    expect(await run(stage, healVolume.probe(INPUT, stage.context()), 2000)).toEqual({ state: 'satisfied' });
  });

  it('is pending when the pending heals persist', async () => {
    const stage = new Stage();
    stage.on('g1').on(INFO, heal(3, 0, 0));
    expect(await run(stage, healVolume.probe(INPUT, stage.context()), 5000)).toMatchObject({
      because: '3 pending heals',
    });
  });

  it('runs no command for a volume without copies', async () => {
    const single = { ...volume, replica: 1, type: 'distribute' as const };
    const stage = new Stage();
    expect(await healVolume.probe({ volume: single, from: 'g1' }, stage.context())).toEqual({
      state: 'satisfied',
    });
  });

  it('waits until two looks in a row find no pending heals', async () => {
    const stage = new Stage();
    stage
      .on('g1')
      .on(/heal gv0( full)?$/)
      .on(INFO, heal(2, 0, '-'), heal(0, 0, 0), heal(1, 0, 0), heal(0, 0, 0));
    await run(stage, healVolume.apply(INPUT, stage.context()), 60_000);
    expect(stage.ran('g1').filter((words) => INFO.test(words))).toHaveLength(5);
  });

  it('waits while the count changes, and throws GLUSTER_HEAL_STALLED when it does not', async () => {
    const stage = new Stage();
    let looks = 0;
    stage
      .on('g1')
      .on(/heal gv0( full)?$/)
      .on(INFO, () => heal(Math.max(5, 900 - looks++), 0, 0));
    const failing = failureOf(healVolume.apply(INPUT, stage.context()));
    await stage.clock.advance(1_600_000);
    expect(await failing).toMatchObject({
      code: 'GLUSTER_HEAL_STALLED',
      message: expect.stringContaining('5 pending heals') as string,
    });
    expect(looks).toBeGreaterThan(900);
  });
});
