import { beforeEach, describe, expect, it } from 'vitest';
import type { CliError } from '../../../../src/errors/cli-error.js';
import { formPool } from '../../../../src/steps/gluster/pool.js';
import { startGlusterd } from '../../../../src/steps/gluster/service.js';
import { failureOf, Stage } from '../../../helpers/step-context.js';
import { glusterText, glusterXml } from '../../../helpers/transcript.js';

const POOL = 'gluster --mode=script --xml pool list';
const probe = (name: string): string => `gluster --mode=script --xml peer probe ${name}`;
const INFO = 'gluster --mode=script --xml volume info';
const volumes = (...names: readonly string[]): string =>
  `<cliOutput><opRet>0</opRet><volInfo><volumes>${names
    .map((name) => `<volume><name>${name}</name></volume>`)
    .join('')}</volumes></volInfo></cliOutput>`;
const ALL = { machines: ['g1', 'g2', 'g3'] };

const STATE = '<state>3</state><stateStr>Peer in Cluster</stateStr>';

/** The pool as g1 sees it, told from the side of g2: there it is g1 that has a name and a state. */
const fromG2 = glusterXml('pool', 'g1', 'pool list')
  .replace(/localhost<.hostname>/, `g1</hostname>${STATE}`)
  .replaceAll('>g2<', '>localhost<');
const formed = {
  g1: glusterXml('pool', 'g1', 'pool list'),
  g2: fromG2,
  g3: glusterXml('pool', 'g3', 'pool list'),
};
const PEER_SELF =
  '<peer><uuid>415a013a-78a4-4c49-8a5b-afcddfe1bfdc</uuid><hostname>localhost</hostname><connected>1</connected></peer>';
const alone = glusterXml('pool', 'g1', 'pool list').replace(/<peer>[\s\S]*<\/peer>/, PEER_SELF);
/** `peer status`, as `pool list` says it. */
const asList = (status: string): string => status.replace('</peerStatus>', `${PEER_SELF}</peerStatus>`);
const success = glusterXml('pool', 'g1', 'peer probe g2');
const already = glusterXml('pool', 'g1', 'peer probe g2', 2);

let stage = new Stage();
beforeEach(() => {
  stage = new Stage(['g1', 'g2', 'g3', 'g4', 'g5']);
  for (const name of stage.machines) stage.on(name).on(INFO, volumes());
});

const inPool = (answers: Partial<typeof formed> = {}): void => {
  for (const [name, xml] of Object.entries({ ...formed, ...answers })) stage.on(name).on(POOL, xml);
};

const run = async (ms = 0): Promise<CliError> => {
  const failure = failureOf(formPool.apply(ALL, stage.context()));
  await stage.clock.advance(ms);
  return (await failure) as CliError;
};

describe('pool', () => {
  it('is satisfied when every machine sees every other', async () => {
    inPool();
    expect(await formPool.probe(ALL, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('is pending when one machine does not answer', async () => {
    inPool({ g3: glusterText('quorum', 'g3', 'pool list') });
    expect(await formPool.probe(ALL, stage.context())).toEqual({
      state: 'pending',
      because: 'g3 does not know g1',
    });
  });

  it('probes unknown machines from the first, and the first from the second', async () => {
    for (const name of ALL.machines) stage.on(name).on(POOL, alone, formed[name as keyof typeof formed]);
    stage.on('g1').on(probe('g2'), success).on(probe('g3'), success);
    stage.on('g2').on(probe('g1'), already);
    const applying = formPool.apply(ALL, stage.context());
    await stage.clock.advance(10_000);
    await applying;
    const probes = stage.calls.flatMap(({ where, command }) =>
      command.args.includes('probe') ? [`${where} ${command.args.at(-1)}`] : [],
    );
    expect(probes).toEqual(['g1 g2', 'g1 g3', 'g2 g1']);
  });

  it('probes the first again when a handshake made the second forget its name', async () => {
    inPool({ g2: fromG2.replaceAll('>g1<', '>10.77.0.11<') });
    stage.on('g2').on(probe('g1'), already, () => {
      stage.on('g2').on(POOL, formed.g2);
      return already;
    });
    const failure = failureOf(formPool.apply(ALL, stage.context()));
    await stage.clock.advance(10_000);
    expect(await failure).toMatchObject({ message: expect.stringContaining('it did not fail') as string });
    expect(stage.ran('g2').filter((said) => said === probe('g1'))).toHaveLength(2);
  });

  const silent = glusterText('quorum', 'g3', 'pool list');

  it('does not probe before glusterd answers on every machine', async () => {
    for (const name of ALL.machines)
      stage.on(name).on(POOL, alone, alone, formed[name as keyof typeof formed]);
    stage.on('g3').on(POOL, { exitCode: 1, stdout: silent }, alone, formed.g3);
    const unheard = glusterXml('pool', 'g1', 'peer probe nohost');
    stage.on('g1').on(probe('g2'), success);
    stage.on('g1').on(probe('g3'), () => (stage.ran('g3').length < 2 ? unheard : success));
    stage.on('g2').on(probe('g1'), already);
    const failure = failureOf(formPool.apply(ALL, stage.context()));
    await stage.clock.advance(10_000);
    expect(await failure).toMatchObject({ message: expect.stringContaining('it did not fail') as string });
  });

  it('names the machine whose glusterd never answers', async () => {
    inPool();
    stage.on('g2').on(POOL, { exitCode: 1, stdout: silent }).on(probe('g1'), already);
    const error = await run(60_000);
    expect(error).toMatchObject({ code: 'GLUSTER_PEER_TIMEOUT' });
    expect(error.message).toContain('glusterd does not answer on g2');
    expect(stage.ran('g2')).not.toContain(probe('g1'));
  });

  it('does not probe machines that are in the pool', async () => {
    inPool();
    stage.on('g2').on(probe('g1'), already);
    await formPool.apply(ALL, stage.context());
    expect(stage.ran('g1')).toEqual([POOL, POOL, INFO]);
  });

  it('is pending while a member does not know a volume, and waits until it does', async () => {
    inPool();
    stage.on('g1').on(INFO, volumes(), volumes(), volumes(), volumes('gv0'));
    for (const name of ['g2', 'g3']) stage.on(name).on(INFO, volumes('gv0'));
    expect(await formPool.probe(ALL, stage.context())).toEqual({
      state: 'pending',
      because: 'g1 does not know volume gv0',
    });
    stage.on('g2').on(probe('g1'), already);
    const applying = formPool.apply(ALL, stage.context());
    await stage.clock.advance(10_000);
    await applying;
    expect(await formPool.probe(ALL, stage.context())).toEqual({ state: 'satisfied' });
  });

  it('is satisfied by a pool of one machine', async () => {
    stage.on('g1').on(POOL, alone);
    await formPool.apply({ machines: ['g1'] }, stage.context());
    expect(stage.ran('g1')).toEqual([POOL, POOL, INFO]);
  });

  it('throws GLUSTER_PEER_REJECTED and names the rejected peer', async () => {
    inPool({ g1: asList(glusterXml('rejected', 'g1', 'peer status')) });
    stage.on('g2').on(probe('g1'), already);
    const error = await run(60_000);
    expect(error.code).toBe('GLUSTER_PEER_REJECTED');
    expect(error.message).toContain('g1 has rejected g3');
    expect(error.hint).toContain('kglab rebuild --node');
  });

  it('throws GLUSTER_PEER_TIMEOUT when a peer stays disconnected', async () => {
    inPool({ g1: asList(glusterXml('down', 'g1', 'peer status')) });
    stage.on('g2').on(probe('g1'), already);
    const error = await run(60_000);
    expect(error).toMatchObject({ code: 'GLUSTER_PEER_TIMEOUT', exitCode: 42 });
    expect(error.message).toContain('g1 sees g3 as disconnected');
  });

  it('throws GLUSTER_DUPLICATE_UUID when gluster refuses a clone of the first machine', async () => {
    for (const name of ALL.machines) stage.on(name).on(POOL, alone);
    // What the transcript has without XML, as gluster frames refusals.
    const words = glusterText('sameUuid', 'g1', 'peer probe g4')
      .replace(/^peer probe: failed: /, '')
      .trim();
    const refusal = glusterXml('pool', 'g1', 'peer probe nohost').replace(
      /<opErrstr>.*<\/opErrstr>/,
      `<opErrstr>${words}</opErrstr>`,
    );
    stage.on('g1').on(probe('g2'), refusal.replace('g4', 'g2'));
    const error = await run();
    expect(error).toMatchObject({ code: 'GLUSTER_DUPLICATE_UUID', exitCode: 43 });
    expect(error.message).toContain('g1 and g2');
  });

  it('throws GLUSTER_DUPLICATE_UUID at once when a peer has the names of two machines', async () => {
    const machines = ['g1', 'g2', 'g3', 'g5'];
    const twins = asList(glusterXml('sameUuid', 'g1', 'peer status'));
    stage.on('g1').on(POOL, twins);
    stage.on('g2').on(POOL, fromG2).on(probe('g1'), already);
    stage.on('g3').on(POOL, formed.g3);
    stage.on('g5').on(POOL, alone);
    const failure = failureOf(formPool.apply({ machines }, stage.context()));
    await stage.clock.advance(1000);
    const error = (await failure) as CliError;
    expect(error.code).toBe('GLUSTER_DUPLICATE_UUID');
    expect(error.message).toContain('g2 and g5');
    expect(error.details).toContainEqual(expect.stringMatching(/^e2a1cb8f\S+ g2 g5$/));
  });

  it.each([
    'Another transaction is in progress for gv0. Please try again after some time.',
    // glusterd 10.3, whose cluster lock a killed client had left behind.
    'Another transaction could be in progress. Please try again after some time.',
  ])('retries a command while another transaction runs: %s', async (words) => {
    const busy = glusterXml('pool', 'g1', 'peer probe nohost').replace(
      /<opErrstr>.*<\/opErrstr>/,
      `<opErrstr>${words}</opErrstr>`,
    );
    inPool();
    stage.on('g2').on(probe('g1'), busy, busy, already);
    const applying = formPool.apply(ALL, stage.context());
    await stage.clock.advance(10_000);
    await applying;
    expect(stage.ran('g2').filter((said) => said === probe('g1'))).toHaveLength(3);
  });

  it("stops retrying after a minute and throws gluster's message", async () => {
    const busy = 'Another transaction is in progress for gv0. Please try again after some time.';
    inPool();
    stage.on('g2').on(probe('g1'), { exitCode: 1, stderr: busy });
    const error = await run(61_000);
    expect(error.code).toBe('GLUSTER_FAILED');
    expect(error.details).toEqual([busy]);
    expect(error.message).toContain('`gluster peer probe` on g2');
  });

  it('stops waiting when the run is aborted', async () => {
    inPool({ g1: asList(glusterXml('down', 'g1', 'peer status')) });
    stage.on('g2').on(probe('g1'), already);
    const failure = failureOf(formPool.apply(ALL, stage.context()));
    await stage.clock.advance(1000);
    stage.abort.abort(new DOMException('Interrupted', 'AbortError'));
    await stage.clock.advance(1000);
    expect(await failure).toMatchObject({ name: 'AbortError' });
  });
});

describe('glusterd', () => {
  const SHOW = 'systemctl show -p ActiveState,UnitFileState glusterd.service';

  it.each([
    ['ActiveState=active\nUnitFileState=enabled\n', undefined],
    ['ActiveState=active\nUnitFileState=disabled\n', 'glusterd does not start at boot'],
    ['ActiveState=activating\nUnitFileState=enabled\n', 'glusterd does not run'],
    ['ActiveState=inactive\nUnitFileState=\n', 'glusterd does not run'],
  ])('%j: %s', async (shown, because) => {
    stage.on('g1').on(SHOW, shown);
    const found = await startGlusterd.probe({ machine: 'g1' }, stage.context());
    expect(found).toEqual(because === undefined ? { state: 'satisfied' } : { state: 'pending', because });
  });

  it('throws GLUSTER_FAILED with the output when it does not start', async () => {
    stage.on('g1').on(/^systemctl enable --now/, { exitCode: 1, stderr: 'Job for glusterd.service failed.' });
    const error = await failureOf(startGlusterd.apply({ machine: 'g1' }, stage.context()));
    expect(error).toMatchObject({ code: 'GLUSTER_FAILED', details: ['Job for glusterd.service failed.'] });
  });
});
