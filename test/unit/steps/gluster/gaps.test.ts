import { describe, expect, it } from 'vitest';
import { plannedVolumes, type PlannedVolume, type VolumeSpec } from '../../../../src/gluster/volume-spec.js';
import { volumeCreate, volumeSet } from '../../../../src/gluster/commands.js';
import { parsePeers, parseStatus, parseVolumes, type Volume } from '../../../../src/gluster/parse.js';
import { poolGap } from '../../../../src/steps/gluster/pool.js';
import { offline } from '../../../../src/steps/gluster/start.js';
import { difference } from '../../../../src/steps/gluster/volume.js';
import { parseAnswer } from '../../../../src/gluster/xml.js';
import { labOf } from '../../../helpers/step-context.js';
import { glusterXml } from '../../../helpers/transcript.js';

const peers = (...where: Parameters<typeof glusterXml>) => parsePeers(parseAnswer(glusterXml(...where)));
const status = (...where: Parameters<typeof glusterXml>) => parseStatus(parseAnswer(glusterXml(...where)));

const [PLANNED] = plannedVolumes(labOf()) as [PlannedVolume];
const GV0: VolumeSpec = {
  ...PLANNED.volume,
  bricks: [1, 2, 3].map((index) => ({ machine: `g${index}`, path: `/srv/lab/n${index}/brick/b1` })),
};

describe('poolGap', () => {
  const ALL = ['g1', 'g2', 'g3'];
  const fromG1 = peers('pool', 'g1', 'pool list');
  const fromG3 = peers('pool', 'g3', 'pool list');
  const fromG2 = fromG1.map((peer) =>
    peer.names[0] === 'g2'
      ? { ...peer, names: ['localhost'] }
      : peer.names[0] === 'localhost'
        ? { ...peer, names: ['g1'] }
        : peer,
  );

  it('returns undefined when every machine sees every other', () => {
    expect(poolGap(ALL, [fromG1, fromG2, fromG3])).toBeUndefined();
    expect(poolGap(['g1'], [[]])).toBeUndefined();
  });

  it('reports a gap that only the last machine sees', () => {
    expect(poolGap(ALL, [fromG1, fromG2, []])).toBe('g3 does not know g1');
    expect(poolGap(ALL, [[], [], []])).toBe('g1 does not know g2');
  });

  it('reports a peer that is known only by its address', () => {
    const byAddress = fromG3.map((peer) =>
      peer.names[0] === 'g1' ? { ...peer, names: ['10.77.0.11'] } : peer,
    );
    expect(poolGap(ALL, [fromG1, fromG2, byAddress])).toBe('g3 does not know g1');
  });

  it.each([
    ['down', 'g1 sees g3 as disconnected'],
    ['rejected', 'g1 has rejected g3'],
  ] as const)('reports the gap of the recorded pool %s', (file, gap) => {
    expect(poolGap(ALL, [peers(file, 'g1', 'peer status'), fromG2, fromG3])).toBe(gap);
  });

  it('reports a peer that is accepted and not yet in the cluster', () => {
    const accepted = peers('back', 'g3', 'peer status');
    expect(poolGap(['g3', 'g1'], [accepted, fromG1])).toBe('g3 sees g1 as Accepted peer request');
  });
});

describe('offline', () => {
  it('returns nothing when all bricks are online', () => {
    expect(offline(GV0, status('pool', 'g1', 'volume status gv0'))).toEqual([]);
  });

  it('returns a brick that volume status omits', () => {
    expect(offline(GV0, status('down', 'g1', 'volume status gv0'))).toEqual(['g3:/srv/lab/n3/brick/b1']);
    expect(offline(GV0, [])).toHaveLength(3);
  });

  it('returns a brick that is down, and one with another path', () => {
    const up = status('pool', 'g1', 'volume status gv0');
    expect(
      offline(
        GV0,
        up.map((one) => (one.host === 'g2' ? { ...one, online: false } : one)),
      ),
    ).toEqual(['g2:/srv/lab/n2/brick/b1']);
    expect(
      offline(
        GV0,
        up.map((one) => (one.host === 'g1' ? { ...one, path: '/old' } : one)),
      ),
    ).toEqual(['g1:/srv/lab/n1/brick/b1']);
  });
});

describe('difference', () => {
  const [found] = parseVolumes(parseAnswer(glusterXml('pool', 'g1', 'volume info gv0', 2))) as [Volume];

  it('returns undefined for the volume as it was created', () => {
    expect(difference(GV0, found)).toBeUndefined();
  });

  it.each<[string, Partial<VolumeSpec>, RegExp]>([
    [
      'order of bricks',
      { bricks: [...GV0.bricks].reverse() },
      /^the existing volume has the bricks g1:\/srv.* g2:.* g3:/,
    ],
    ['a brick less', { bricks: GV0.bricks.slice(1) }, /^the existing volume has the bricks /],
    ['an arbiter', { type: 'arbiter' }, /^the existing volume has 0 arbiter bricks$/],
    ['another count', { replica: 2 }, /^the replica count of the existing volume is 3$/],
    [
      'erasure coding',
      { type: 'disperse', redundancy: 1 },
      /^the existing volume has 0 bricks in a disperse set$/,
    ],
  ])('reports %s', (_what, wanted, text) => {
    expect(difference({ ...GV0, ...wanted }, found)).toMatch(text);
  });
});

describe('commands', () => {
  it('creates each type of volume with arguments that gluster accepts', () => {
    const words = (spec: Partial<VolumeSpec>): string =>
      volumeCreate({ ...GV0, ...spec })
        .args.slice(2)
        .join(' ');
    const places = 'g1:/srv/lab/n1/brick/b1 g2:/srv/lab/n2/brick/b1 g3:/srv/lab/n3/brick/b1';
    const made = words({});
    expect(parseAnswer(glusterXml('pool', 'g1', made)).ok).toBe(true);
    expect(made).toBe(`volume create gv0 replica 3 ${places} force`);
    expect(words({ type: 'arbiter' })).toBe(`volume create gv0 replica 3 arbiter 1 ${places} force`);
    expect(words({ type: 'disperse', redundancy: 1 })).toBe(
      `volume create gv0 disperse 3 redundancy 1 ${places} force`,
    );
    expect(words({ type: 'distribute', replica: 1 })).toBe(`volume create gv0 ${places} force`);
    expect(words({ replica: 1, bricks: GV0.bricks.slice(0, 1) })).toBe(
      'volume create gv0 g1:/srv/lab/n1/brick/b1 force',
    );
  });

  it('sets several options in one command, each value as one argument', () => {
    expect(volumeSet('gv0', { 'network.ping-timeout': '10', 'auth.allow': 'a b' }).args).toEqual([
      ...['--mode=script', '--xml', 'volume', 'set', 'gv0'],
      ...['network.ping-timeout', '10', 'auth.allow', 'a b'],
    ]);
  });
});
