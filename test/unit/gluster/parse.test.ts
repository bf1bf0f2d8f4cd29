import { describe, expect, it } from 'vitest';
import { parseHeal, parsePeers, parseStatus, parseVolumes } from '../../../src/gluster/parse.js';
import { parseAnswer } from '../../../src/gluster/xml.js';
import { glusterText, glusterXml, recorded } from '../../helpers/transcript.js';

const BRICKS = ['g1:/srv/lab/n1/brick/b1', 'g2:/srv/lab/n2/brick/b1', 'g3:/srv/lab/n3/brick/b1'];
const G1 = '415a013a-78a4-4c49-8a5b-afcddfe1bfdc';
const G2 = 'e2a1cb8f-59bb-4c55-b9a4-4df2633436b6';
const G3 = '4e44170c-9cc8-4c8d-ab32-30af221d9730';

const inCluster = { connected: true, state: 3, stateText: 'Peer in Cluster' };

describe('parseAnswer', () => {
  it.each([
    ['peer probe g2', 1, 0, 'success'],
    ['peer probe g2', 2, 2, 'Host g2 port 24007 already in peer list'],
    ['peer probe g1', 1, 1, 'Probe on localhost not needed'],
  ])('takes the answer to `%s` (%i) for a success', (command, nth, errno, message) => {
    expect(parseAnswer(glusterXml('pool', 'g1', command, nth))).toMatchObject({ ok: true, errno, message });
  });

  it.each([
    ['pool', 'peer probe nohost', 107, 'Probe returned with Transport endpoint is not connected'],
    ['pool', 'volume info gv0', 30806, 'Volume does not exist'],
    ['pool', 'volume start nope', 30800, 'Volume nope does not exist'],
    [
      'down',
      'volume create gx replica 3 g1:/srv/lab/n1/brick/x g2:/srv/lab/n2/brick/x g3:/srv/lab/n3/brick/x force',
      30800,
      'Host g3 not connected',
    ],
  ] as const)('reads the refusal of %s: `%s`', (file, command, errno, message) => {
    expect(parseAnswer(glusterXml(file, 'g1', command))).toMatchObject({ ok: false, errno, message });
  });

  it('takes any opRet but 0 for a refusal, also 1', () => {
    const answer = parseAnswer(glusterXml('options', 'g1', 'peer detach g3'));
    expect(answer).toMatchObject({ ok: false, errno: 3 });
    expect(answer.message).toMatch(/^Peer g3 hosts one or more bricks/);
  });

  it('prefers the error text to the output beside it, and undoes XML escapes', () => {
    expect(parseAnswer(glusterXml('options', 'g1', 'volume set gv0 no.such 10')).message).toBe(
      'option : no.such does not exist\nDid you mean nfs.acl or ...drc?',
    );
    const refused = glusterXml(
      'back',
      'g1',
      'volume reset-brick gv0 g3:/srv/lab/n3/brick/b1 g3:/srv/lab/n3/brick/b1 commit',
    );
    expect(parseAnswer(refused).message).toContain('replace-brick <volname> <src-brick>');
  });

  it('keeps the note of a command that succeeded', () => {
    const words =
      'volume create gv3 replica 3 g1:/srv/lab/n1/brick/r1/sub g2:/srv/lab/n2/brick/zz g3:/srv/lab/n3/brick/zz force';
    expect(parseAnswer(glusterXml('arbiter', 'g1', words))).toMatchObject({
      ok: true,
      message: 'parent directory /srv/lab/n1/brick/r1 is already part of a volume',
    });
  });

  it('finds opRet where it stands after the body', () => {
    expect(parseAnswer(glusterXml('down', 'g1', 'volume heal gv0 info'))).toMatchObject({
      ok: true,
      message: '',
    });
  });

  it('takes output without XML for a refusal in those words', () => {
    const noDaemon = glusterText('quorum', 'g3', 'pool list');
    expect(parseAnswer(noDaemon)).toEqual({
      ok: false,
      errno: -1,
      message: 'Connection failed. Please check if gluster daemon is operational.',
      body: '',
    });
    expect(parseAnswer(glusterXml('back', 'g1', 'volume heal gv0 full'))).toMatchObject({
      ok: false,
      message: expect.stringContaining('Commit failed on g3') as string,
    });
    expect(parseAnswer('', 'gluster: not found\n').message).toBe('gluster: not found');
    expect(parseAnswer('').message).toBe('gluster printed nothing');
  });
});

describe('parsePeers', () => {
  const peers = (...where: Parameters<typeof glusterXml>) => parsePeers(parseAnswer(glusterXml(...where)));

  it('reads the pool with the machine itself, which has no state', () => {
    expect(peers('pool', 'g1', 'pool list')).toEqual([
      { uuid: G2, names: ['g2'], ...inCluster },
      { uuid: G3, names: ['g3'], ...inCluster },
      { uuid: G1, names: ['localhost'], ...inCluster },
    ]);
  });

  it('reads one peer as a list, and none as an empty one', () => {
    expect(peers('pool', 'g2', 'peer status')).toEqual([{ uuid: G1, names: ['g1'], ...inCluster }]);
    expect(peers('pool', 'g3', 'peer status')).toEqual([]);
    expect(parsePeers(parseAnswer('Connection failed.'))).toEqual([]);
  });

  it('tells a dead peer, a rejected one, and one still being accepted', () => {
    expect(peers('down', 'g1', 'peer status')[1]).toEqual({
      uuid: G3,
      names: ['g3'],
      ...inCluster,
      connected: false,
    });
    expect(peers('rejected', 'g1', 'peer status')[1]).toEqual({
      uuid: G3,
      names: ['g3'],
      connected: true,
      state: 6,
      stateText: 'Peer Rejected',
    });
    expect(peers('back', 'g3', 'peer status')).toEqual([
      { uuid: G1, names: ['g1'], connected: true, state: 4, stateText: 'Accepted peer request' },
    ]);
  });

  it('keeps every name of a peer that has several', () => {
    expect(peers('sameUuid', 'g1', 'peer status')[0]?.names).toEqual(['g2', 'g5']);
  });
});

describe('parseVolumes', () => {
  const info = (...where: Parameters<typeof glusterXml>) => parseVolumes(parseAnswer(glusterXml(...where)));

  it('reads shape, bricks and options', () => {
    expect(info('pool', 'g1', 'volume info gv0', 2)).toMatchObject([
      {
        name: 'gv0',
        id: 'ce5dce67-b98a-458e-b0a8-e701351f0fc9',
        started: true,
        replica: 3,
        arbiter: 0,
        disperse: 0,
        redundancy: 0,
        bricks: BRICKS,
        options: {
          'cluster.granular-entry-heal': 'on',
          'storage.fips-mode-rchecksum': 'on',
          'transport.address-family': 'inet',
          'nfs.disable': 'on',
          'performance.client-io-threads': 'off',
        },
      },
    ]);
  });

  it('finds no volume in an empty pool', () => {
    expect(info('pool', 'g1', 'volume info')).toEqual([]);
  });

  it('counts the arbiter, and knows a volume that was never started', () => {
    const frame = glusterXml('pool', 'g1', 'volume info gv0', 2);
    const shown = recorded(
      'gluster/9-arbiter.txt',
      'g1',
      "sh -c gluster --mode=script --xml volume info gv2 | grep -E 'isArbiter|type|Count'",
    );
    // That transcript kept some lines of the volume only: they take the places of the same lines of another one.
    const lines = shown.split('\n').filter((line) => /<brick |arbiterCount/.test(line));
    const [arbiterCount = '', ...bricks] = lines;
    const xml = frame
      .replace(/ *<arbiterCount>0<.arbiterCount>/, arbiterCount)
      .replace(/( *<brick .*\n)+/, `${bricks.join('\n')}\n`)
      .replace('<statusStr>Started', '<statusStr>Created');
    expect(parseVolumes(parseAnswer(xml))[0]).toMatchObject({
      started: false,
      replica: 3,
      arbiter: 1,
      bricks: ['g1:/srv/lab/n1/brick/a1', 'g2:/srv/lab/n2/brick/a1', 'g3:/srv/lab/n3/brick/a1'],
    });
  });
});

describe('parseStatus', () => {
  const status = (...where: Parameters<typeof glusterXml>) => parseStatus(parseAnswer(glusterXml(...where)));

  it('reads bricks and daemons', () => {
    expect(status('pool', 'g1', 'volume status gv0')).toEqual([
      { host: 'g1', path: '/srv/lab/n1/brick/b1', online: true },
      { host: 'g2', path: '/srv/lab/n2/brick/b1', online: true },
      { host: 'g3', path: '/srv/lab/n3/brick/b1', online: true },
      { host: 'Self-heal Daemon', path: 'localhost', online: true },
      { host: 'Self-heal Daemon', path: 'g2', online: true },
      { host: 'Self-heal Daemon', path: 'g3', online: true },
    ]);
  });

  it('does not have the brick of a machine that is down', () => {
    expect(status('down', 'g1', 'volume status gv0').map(({ host }) => host)).toEqual([
      'g1',
      'g2',
      'Self-heal Daemon',
      'Self-heal Daemon',
    ]);
  });

  it('has a brick that is offline on a machine that is up', () => {
    const shown = recorded(
      'gluster/7-peer-comes-back.txt',
      'g1',
      "sh -c gluster --mode=script --xml volume status gv0 | grep -A12 '<hostname>g3'",
    );
    const node = `<node>${shown.slice(0, shown.indexOf('</node>'))}</node>`;
    const xml = glusterXml('down', 'g1', 'volume status gv0').replace('<tasks/>', `${node}<tasks/>`);
    expect(parseStatus(parseAnswer(xml)).find(({ host }) => host === 'g3')).toEqual({
      host: 'g3',
      path: '/srv/lab/n3/brick/b1',
      online: false,
    });
  });

  it('has nothing for an answer that refuses', () => {
    expect(parseStatus(parseAnswer(glusterXml('pool', 'g1', 'volume start nope')))).toEqual([]);
  });
});

describe('parseHeal', () => {
  it('counts what waits, and does not take an unreachable brick for a healed one', () => {
    expect(parseHeal(parseAnswer(glusterXml('down', 'g1', 'volume heal gv0 info')))).toEqual([
      { brick: BRICKS[0], status: 'Connected', pending: 6 },
      { brick: BRICKS[1], status: 'Connected', pending: 6 },
      { brick: BRICKS[2], status: 'Transport endpoint is not connected', pending: undefined },
    ]);
  });

  it('reads 0 as healed', () => {
    const healed = parseHeal(parseAnswer(glusterXml('pool', 'g1', 'volume heal gv0 info')));
    expect(healed.map(({ pending }) => pending)).toEqual([0, 0, 0]);
  });
});
