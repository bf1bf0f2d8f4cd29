import { describe, expect, it } from 'vitest';
import type { Observed } from '../../../src/app/observe.js';
import { pictureOf } from '../../../src/app/picture-of.js';
import { parseStatus, parseVolumes } from '../../../src/gluster/parse.js';
import { parseAnswer } from '../../../src/gluster/xml.js';
import { labOf } from '../../helpers/step-context.js';
import { glusterXml } from '../../helpers/transcript.js';

const config = labOf('name: demo\n');
const record = { name: 'demo', provider: 'nspawn', config } as const;
const [volume] = config.volumes;
const machines = config.nodes.map(({ machine }) => machine);

/** Recorded output, told of this lab's machines and paths. */
const retold = (xml: string): string =>
  [1, 2, 3].reduce(
    (text, index) =>
      text
        .replaceAll(`>g${index}<`, `>demo-node${index}<`)
        .replaceAll(`g${index}:/srv`, `demo-node${index}:/srv`)
        .replaceAll(`/srv/lab/n${index}/brick/b1`, volume?.brick ?? ''),
    xml,
  );

const seen = (status: string, more: Partial<Observed> = {}): Observed => ({
  machines: machines.map((name, index) => ({ name, state: 'running', address: `10.77.0.${11 + index}` })),
  volumes: parseVolumes(parseAnswer(retold(glusterXml('pool', 'g1', 'volume info gv0', 2)))),
  processes: { gv0: parseStatus(parseAnswer(retold(status))) },
  mounted: new Set(machines.map((machine) => `${machine}:${volume?.mount}`)),
  nodes: machines.map((name) => ({ name, ready: true, message: '', address: '', reportedAt: 0 })),
  classes: [],
  ...more,
});
const UP = glusterXml('pool', 'g1', 'volume status gv0');
const DOWN = glusterXml('down', 'g1', 'volume status gv0');

describe('pictureOf', () => {
  it('draws running parts as good', () => {
    const { nodes, volumes } = pictureOf(record, seen(UP));
    expect(
      nodes.map(({ bricks, mounts, kubernetes }) => [bricks[0]?.health, mounts[0]?.health, kubernetes]),
    ).toEqual(machines.map(() => ['good', 'good', 'Ready']));
    expect(volumes).toMatchObject([{ name: 'gv0', type: 'replica 3', state: 'Started', health: 'good' }]);
  });

  it('draws a volume as bad if a brick is offline, however many daemons run', () => {
    const { nodes, volumes } = pictureOf(record, seen(DOWN));
    expect(nodes.map(({ bricks }) => bricks[0]?.health)).toEqual(['good', 'good', 'bad']);
    expect(volumes[0]).toMatchObject({ state: 'Started', health: 'bad' });
  });

  it('draws the bricks and mounts of a stopped machine as off, not as bad', () => {
    const stopped = seen(DOWN);
    const infos = stopped.machines.map((one) =>
      one.name === 'demo-node3' ? { ...one, state: 'stopped' as const } : one,
    );
    const [, , third] = pictureOf(record, { ...stopped, machines: infos }).nodes;
    expect(third).toMatchObject({
      machine: 'stopped',
      bricks: [{ health: 'off' }],
      mounts: [{ health: 'off' }],
    });
  });

  it('draws parts that do not answer as unknown', () => {
    const { nodes, volumes } = pictureOf(
      record,
      seen(UP, { volumes: undefined, processes: {}, nodes: undefined }),
    );
    expect(nodes[0]).toMatchObject({ kubernetes: undefined, bricks: [{ health: 'unknown' }] });
    expect(volumes[0]).toMatchObject({ state: undefined, health: 'unknown' });
  });

  it('distinguishes a missing volume from a stopped one', () => {
    expect(pictureOf(record, seen(UP, { volumes: [] })).volumes[0]).toMatchObject({
      state: 'missing',
      health: 'bad',
    });
    const stopped = seen(UP).volumes?.map((one) => ({ ...one, started: false })) ?? [];
    expect(pictureOf(record, seen(UP, { volumes: stopped })).volumes[0]).toMatchObject({
      state: 'Stopped',
      health: 'bad',
    });
  });

  it('draws a missing mount of one node as bad', () => {
    const { nodes } = pictureOf(record, seen(UP, { mounted: new Set([`demo-node1:${volume?.mount}`]) }));
    expect(nodes.map(({ mounts }) => mounts[0]?.health)).toEqual(['good', 'bad', 'bad']);
  });

  it('draws a planned lab without any state', () => {
    const { nodes, volumes, facts } = pictureOf(record, undefined, ['k3s v1']);
    expect(facts).toEqual(['nspawn', 'k3s v1']);
    expect(nodes[0]).toMatchObject({
      machine: undefined,
      bricks: [{ health: 'unknown' }],
      mounts: [{ health: 'unknown' }],
    });
    expect(volumes[0]).toMatchObject({ health: 'unknown' });
  });

  it('marks the arbiter, and draws no mounts on storage machines', () => {
    const arbiter = labOf('name: demo\ngluster: { type: arbiter }\n');
    const drawn = pictureOf({ ...record, config: arbiter }, undefined);
    expect(drawn.nodes.map(({ bricks }) => bricks[0]?.arbiter)).toEqual([false, false, true]);
    expect(drawn.volumes[0]?.type).toBe('replica 2 + arbiter');
    const split = labOf(
      'name: demo\nnodes: [{ name: a, roles: [server] }, { name: b, roles: [storage] }]\ngluster: { replica: 1 }\n',
    );
    const { nodes } = pictureOf({ ...record, config: split }, undefined);
    expect(nodes.map(({ bricks, mounts }) => [bricks.length, mounts.length])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });
});
