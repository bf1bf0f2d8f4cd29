import { describe, expect, it } from 'vitest';
import { lostIdentities, restoreIdentity } from '../../../../src/steps/gluster/rejoin.js';
import { parsePeers, type Peer } from '../../../../src/gluster/parse.js';
import { parseAnswer } from '../../../../src/gluster/xml.js';
import { failureOf, Stage } from '../../../helpers/step-context.js';
import { glusterXml } from '../../../helpers/transcript.js';

const ALL = ['g1', 'g2', 'g3'];
const self = (uuid: string): Peer => ({
  uuid,
  names: ['localhost'],
  connected: true,
  state: 3,
  stateText: '',
});
const peer = (name: string, uuid: string, state = 3, connected = true): Peer => ({
  ...{ uuid, names: [name], connected, state, stateText: '' },
});
const OLD = '4e44170c-9cc8-4c8d-ab32-30af221d9730';

/** The pool that g1 and g2 see, in which they know a third as `third`. */
const views = (third: Peer, own: readonly Peer[]): Peer[][] => [
  [self('aa1'), peer('g2', 'aa2'), third],
  [self('aa2'), peer('g1', 'aa1'), third],
  [...own],
];

describe('lostIdentities', () => {
  it('returns machines that the pool knows with another UUID', () => {
    const rejected = parsePeers(parseAnswer(glusterXml('rejected', 'g1', 'peer status'), ''));
    const found = lostIdentities(ALL, [
      [self('aa1'), ...rejected],
      [self(rejected[0]?.uuid ?? ''), peer('g1', 'aa1')],
      [self('new')],
    ]);
    expect(found).toEqual([{ machine: 'g3', uuid: OLD }]);
  });

  it('returns a recreated machine although the others still see the old one connected', () => {
    const gone = peer('g3', OLD, 3, false);
    expect(lostIdentities(ALL, views(gone, [self('new')]))).toEqual([{ machine: 'g3', uuid: OLD }]);
  });

  it.each([
    ['knows nobody', [self(OLD)]],
    ['got no further than being accepted', [self(OLD), peer('g1', 'aa1', 4)]],
  ])('returns a machine with its old UUID that %s', (_what, own) => {
    expect(lostIdentities(ALL, views(peer('g3', OLD, 6), own))).toEqual([{ machine: 'g3', uuid: OLD }]);
  });

  it.each([
    ['is a member', views(peer('g3', OLD), [self(OLD), peer('g1', 'aa1'), peer('g2', 'aa2')])],
    ['is away', views(peer('g3', OLD, 3, false), [])],
    ['has never been asked', views(peer('g3', '00000000-0000-0000-0000-000000000000', 1), [self('new')])],
    [
      'is known under two UUIDs',
      [[self('aa1'), peer('g3', 'x1')], [self('aa2'), peer('g3', 'x2')], [self('new')]],
    ],
    ['shares its UUID with another', views({ ...peer('g3', OLD), names: ['g3', 'g2'] }, [self('new')])],
  ])('returns nothing when a machine %s', (_what, seen) => {
    expect(lostIdentities(ALL, seen).filter(({ machine }) => machine === 'g3')).toEqual([]);
  });

  it('returns the first machine when that one was recreated', () => {
    const seen = [
      [self('new')],
      [self('aa2'), peer('g1', 'aa1', 6), peer('g3', 'aa3')],
      [self('aa3'), peer('g2', 'aa2'), peer('g1', 'aa1', 6)],
    ];
    expect(lostIdentities(ALL, seen)).toEqual([{ machine: 'g1', uuid: 'aa1' }]);
  });
});

describe('restoreIdentity', () => {
  const POOL = 'gluster --mode=script --xml pool list';
  const info = 'gluster --mode=script --xml volume info';
  const volumes = glusterXml('pool', 'g1', 'volume info gv0', 2);
  const lost = { machine: 'g3', uuid: OLD };

  const member = glusterXml('pool', 'g3', 'pool list');
  const stranger = member.replaceAll('<state>3<', '<state>1<');

  it('restores directories, members and UUID, and waits until the machine is a member', async () => {
    const stage = new Stage();
    stage
      .on('g1')
      .on(info, volumes)
      .on(/glusterd\.info$/, 'UUID=aa1\noperating-version=100000\n');
    stage.on('g1').on(POOL, glusterXml('pool', 'g1', 'pool list'));
    stage
      .on('g3')
      .on(/^sh restore_identity /)
      .on(info, volumes)
      .on(POOL, stranger, stranger, member);
    const done = restoreIdentity(lost, ALL, 'g1', stage.context());
    await stage.clock.advance(2000);
    await done;
    const peers = parsePeers(parseAnswer(glusterXml('pool', 'g1', 'pool list'), ''));
    const uuidOf = (name: string): string => peers.find(({ names }) => names.includes(name))?.uuid ?? '';
    const words = stage.ran('g3')[0] ?? '';
    expect(words).toContain(`sh restore_identity ${OLD} 100000 /srv/lab/n3/brick/b1 -- `);
    expect(words.split(' -- ').at(-1)?.split(' ').sort()).toEqual(
      ['g1', 'g2', uuidOf('localhost'), uuidOf('g2')].sort(),
    );
  });

  it('restarts glusterd when it does not get the volumes, and throws GLUSTER_PEER_TIMEOUT in the end', async () => {
    const stage = new Stage();
    stage
      .on('g1')
      .on(info, volumes)
      .on(/glusterd\.info$/, 'operating-version=100000\n');
    stage.on('g1').on(POOL, glusterXml('pool', 'g1', 'pool list'));
    stage
      .on('g3')
      .on(/^sh restore_identity |^sh restart_glusterd$/)
      .on(POOL, stranger);
    const failing = failureOf(restoreIdentity(lost, ALL, 'g1', stage.context()));
    await stage.clock.advance(60_000);
    expect(await failing).toMatchObject({ code: 'GLUSTER_PEER_TIMEOUT' });
    expect(stage.ran('g3').filter((words) => words === 'sh restart_glusterd')).toHaveLength(4);
  });

  it('throws GLUSTER_PEER_REJECTED for a machine with volumes of its own', async () => {
    const stage = new Stage();
    stage
      .on('g1')
      .on(info, volumes)
      .on(/glusterd\.info/, 'operating-version=100000\n');
    stage.on('g1').on(POOL, glusterXml('pool', 'g1', 'pool list'));
    stage.on('g3').on(/^sh restore_identity /, { exitCode: 17 });
    expect(await failureOf(restoreIdentity(lost, ALL, 'g1', stage.context()))).toMatchObject({
      code: 'GLUSTER_PEER_REJECTED',
      hint: expect.stringContaining('kglab rebuild --node g3') as string,
    });
    expect(stage.ran('g3')).toHaveLength(1);
  });
});
