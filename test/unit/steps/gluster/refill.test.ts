import { beforeEach, describe, expect, it } from 'vitest';
import type { VolumeSpec } from '../../../../src/gluster/volume-spec.js';
import { refillClaims } from '../../../../src/steps/gluster/claims.js';
import { refillBricks } from '../../../../src/steps/gluster/refill.js';
import { failureOf, Stage } from '../../../helpers/step-context.js';
import { glusterXml } from '../../../helpers/transcript.js';

const ID = /<id>(.*)<\/id>/.exec(glusterXml('pool', 'g1', 'volume info gv0', 2))?.[1] ?? '';
const MARK = ID.replaceAll('-', '');
const bricks = ['g1', 'g2', 'g3'].map((machine) => ({ machine, path: '/data/b' }));
const volume: VolumeSpec = {
  ...{ name: 'gv0', type: 'replica', replica: 3, redundancy: 0, quota: false, options: {}, bricks },
};
const INPUT = { volume, from: 'g1' };
const refusal = (text: string): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cliOutput>\n  <opRet>-1</opRet>\n  <opErrno>0</opErrno>\n  <opErrstr>${text}</opErrstr>\n</cliOutput>\n`;
const STATE = /^sh brick_state /;
/** As glusterd 10.3 said it when the brick had been started by a restart. */
const MUST_BE_STOPPED = refusal(
  'Source brick must be stopped. Please use gluster volume reset-brick &lt;volname&gt; &lt;dst-brick&gt; start.',
);
const PREPARE = /^sh clear_brick .* \/etc\/kglab\/unfilled_\w+$/;
const UNMARK = 'sh unmark_brick /data/b';
const DONE = /^rm -f \/etc\/kglab\/unfilled_\w+$/;
const COMMIT = /reset-brick gv0 g3:\/data\/b g3:\/data\/b commit force$/;
const answers = (nth: number): string =>
  glusterXml(
    'reset',
    'g1',
    'volume reset-brick gv0 g3:/srv/lab/n3/brick/b1 g3:/srv/lab/n3/brick/b1 commit force',
    nth,
  );

let stage = new Stage();
const states = (g1: string, g2: string, g3: string): void => {
  stage.on('g1').on(STATE, `${g1}\n`);
  stage.on('g2').on(STATE, `${g2}\n`);
  stage.on('g3').on(STATE, `${g3}\n`);
};
beforeEach(() => {
  stage = new Stage();
  stage
    .on('g1')
    .on(
      'gluster --mode=script --xml volume info',
      glusterXml('pool', 'g1', 'volume info gv0', 2).replace(/Created/, 'Started'),
    );
  stage
    .on('g1')
    .on(/reset-brick .* start$/, answers(2))
    .on(COMMIT, answers(2))
    .on(/volume start gv0 force$/, answers(2));
});

describe('refill', () => {
  it('is satisfied when every brick has the id of the volume', async () => {
    states(MARK, `${MARK} hollow`, MARK);
    expect(await refillBricks.probe(INPUT, stage.context())).toEqual({ state: 'satisfied' });
  });

  it.each(['missing', 'empty', 'ffff hollow'])('is pending when a brick is %s', async (state) => {
    states(MARK, MARK, state);
    expect(await refillBricks.probe(INPUT, stage.context())).toMatchObject({
      because: 'bricks that need a refill: g3:/data/b',
    });
  });

  it('resets only the lost brick', async () => {
    states(MARK, MARK, 'empty');
    stage.on('g3').on(PREPARE).on(DONE);
    await refillBricks.apply(INPUT, stage.context());
    const resets = stage.ran('g1').filter((words) => words.includes('reset-brick'));
    expect(resets.map((words) => words.replace(/.*reset-brick /, ''))).toEqual([
      'gv0 g3:/data/b start',
      'gv0 g3:/data/b g3:/data/b commit force',
    ]);
  });

  it('restarts glusterd and retries when glusterd takes the directory for new', async () => {
    states(MARK, MARK, 'missing');
    stage.on('g1').on(COMMIT, answers(1), answers(2));
    stage.on('g3').on(PREPARE).on(UNMARK).on('sh restart_glusterd').on(DONE);
    await refillBricks.apply(INPUT, stage.context());
    const [flagged, unmarked, restarted, done] = stage.ran('g3').slice(1);
    expect(flagged).toMatch(PREPARE);
    expect(unmarked).toMatch(UNMARK);
    expect(restarted).toContain('restart_glusterd');
    expect(done).toMatch(DONE);
  });

  it('stops the brick again when it was started before the commit', async () => {
    states(MARK, MARK, 'missing');
    stage.on('g1').on(COMMIT, answers(1), MUST_BE_STOPPED, answers(2));
    stage
      .on('g3')
      .on(/^sh (clear_brick|unmark_brick|restart_glusterd)/)
      .on(DONE);
    const applied = refillBricks.apply(INPUT, stage.context());
    await stage.clock.advance(2000);
    await applied;
    const resets = stage.ran('g1').filter((words) => words.includes('reset-brick'));
    expect(resets.map((words) => words.split(' ').at(-1))).toEqual([
      ...['start', 'force', 'start', 'force', 'start', 'force'],
    ]);
  });

  it('is pending when the repair of a brick was interrupted, whatever its id', async () => {
    states(MARK, MARK, `${MARK} hollow unfilled`);
    expect(await refillBricks.probe(INPUT, stage.context())).toMatchObject({
      because: 'bricks that need a refill: g3:/data/b',
    });
  });

  it('writes the flag file before it starts a stopped volume, which would mark the brick', async () => {
    stage = new Stage();
    states(MARK, MARK, 'missing');
    stage
      .on('g1')
      .on(
        'gluster --mode=script --xml volume info',
        glusterXml('pool', 'g1', 'volume info gv0', 2).replace('Started', 'Stopped'),
      )
      .on(/volume start gv0 force$/, answers(1));
    stage.on('g3').on(PREPARE);
    expect(await failureOf(refillBricks.apply(INPUT, stage.context()))).toMatchObject({
      code: 'GLUSTER_FAILED',
    });
    expect(stage.ran('g3').at(-1)).toMatch(PREPARE);
  });

  it("throws gluster's message when it keeps refusing", async () => {
    states(MARK, MARK, 'missing');
    stage.on('g1').on(COMMIT, answers(1));
    stage.on('g3').on(PREPARE).on(UNMARK).on('sh restart_glusterd');
    const failing = failureOf(refillBricks.apply(INPUT, stage.context()));
    await stage.clock.advance(20_000);
    expect(await failing).toMatchObject({ code: 'GLUSTER_FAILED' });
  });

  it('throws GLUSTER_DATA_LOST and changes nothing when the other bricks cannot restore the data', async () => {
    states(MARK, 'empty', 'missing');
    const error = await failureOf(refillBricks.apply(INPUT, stage.context()));
    expect(error).toMatchObject({ code: 'GLUSTER_DATA_LOST', details: ['still there: g1:/data/b'] });
    expect(stage.ran('g1').join()).not.toContain('reset-brick');
  });

  it('counts lost bricks per replica set', async () => {
    const six = ['g1', 'g2', 'g3', 'g4', 'g5', 'g6'].map((machine) => ({ machine, path: '/data/b' }));
    states(MARK, MARK, 'empty');
    stage.on('g4').on(STATE, 'empty').on(PREPARE).on(DONE);
    for (const name of ['g5', 'g6']) stage.on(name).on(STATE, MARK);
    stage.on('g3').on(PREPARE).on(DONE);
    stage.on('g1').on(/reset-brick/, answers(2));
    await refillBricks.apply({ volume: { ...volume, bricks: six }, from: 'g1' }, stage.context());
    expect(stage.ran('g1').filter((words) => words.includes('commit'))).toHaveLength(2);
  });
});

describe('volumes of dedicated claims', () => {
  const INFO = 'gluster --mode=script --xml volume info';
  const input = { from: 'g1', except: ['gv0'] };
  const two = (): string => {
    const xml = glusterXml('pool', 'g1', 'volume info gv0', 2).replace(/Created/, 'Started');
    const volumeXml = /<volume>[\s\S]*?<\/volume>\s*(?=<count>|<\/volumes>)/.exec(xml)?.[0] ?? '';
    const other = volumeXml.replaceAll('gv0', 'pvc-1').replaceAll('/srv/lab/', '/claims/');
    return xml.replace(volumeXml, volumeXml + other);
  };

  const HEAL = /heal pvc-1 info$/;
  const owed = (count: number): string => {
    const found = [1, 2, 3].map(
      (g) =>
        `<brick><name>g${g}:/claims/n${g}/brick/b1</name><status>Connected</status><numberOfEntries>${g === 1 ? count : 0}</numberOfEntries></brick>`,
    );
    return `<cliOutput><healInfo><bricks>${found.join('')}</bricks></healInfo><opRet>0</opRet></cliOutput>`;
  };
  const told = async <T>(work: Promise<T>): Promise<T> => {
    await stage.clock.advance(10_000);
    return work;
  };
  const commands = (): readonly string[] =>
    stage
      .ran('g1')
      .filter((words) => words.includes('pvc-1') && !words.endsWith(' info'))
      .map((words) => words.split(' ').slice(4).join(' '));

  it('are checked, and volumes of lab.yaml are not', async () => {
    states(MARK, MARK, 'empty');
    stage.on('g1').on(INFO, two());
    expect(await refillClaims.probe(input, stage.context())).toMatchObject({
      because: 'bricks that need a refill: g3:/claims/n3/brick/b1',
    });
  });

  it('are pending while there are pending heals', async () => {
    states(MARK, MARK, MARK);
    stage.on('g1').on(INFO, two()).on(HEAL, owed(3));
    expect(await told(refillClaims.probe(input, stage.context()))).toMatchObject({
      because: 'volume pvc-1: 3 pending heals',
    });
    stage.on('g1').on(HEAL, owed(0));
    expect(await told(refillClaims.probe(input, stage.context()))).toEqual({ state: 'satisfied' });
  });

  it('are refilled and started, and the step waits until they are healed', async () => {
    states(MARK, MARK, 'empty');
    stage.on('g3').on(PREPARE).on(DONE);
    stage
      .on('g1')
      .on(INFO, two())
      .on(/reset-brick pvc-1|volume start pvc-1 force|heal pvc-1( full)?$/, answers(2))
      .on(HEAL, owed(3), owed(3), owed(0));
    await told(refillClaims.apply(input, stage.context()));
    expect(commands()).toEqual([
      'reset-brick pvc-1 g3:/claims/n3/brick/b1 start',
      'reset-brick pvc-1 g3:/claims/n3/brick/b1 g3:/claims/n3/brick/b1 commit force',
      'start pvc-1 force',
      'heal pvc-1',
      'heal pvc-1 full',
    ]);
    expect(stage.ran('g1').filter((words) => HEAL.test(words))).toHaveLength(4);
    expect(stage.ran('g1').join()).not.toContain('reset-brick gv0');
  });
});
