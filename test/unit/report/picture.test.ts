import { describe, expect, it } from 'vitest';
import type { LabPicture, PictureNode } from '../../../src/report/lab-picture.js';
import { drawLab } from '../../../src/report/picture.js';
import { paintPicture } from '../../../src/report/picture-marks.js';

const node = (number: number, differs: Partial<PictureNode> = {}): PictureNode => ({
  name: `demo-node${number}`,
  roles: number === 1 ? ['server', 'storage'] : ['agent', 'storage'],
  address: `10.77.0.${10 + number}`,
  machine: 'running',
  kubernetes: 'Ready',
  bricks: [{ volume: 'shared', path: '/srv/shared/brick', health: 'good' }],
  mounts: [{ volume: 'shared', path: '/opt/local-path-provisioner', health: 'good' }],
  ...differs,
});

const lab = (nodes: readonly PictureNode[], differs: Partial<LabPicture> = {}): LabPicture => ({
  name: 'demo',
  facts: ['nspawn', '10.77.0.0/24'],
  nodes,
  volumes: [
    {
      name: 'shared',
      type: 'replica 3',
      state: 'Started',
      health: 'good',
      mount: '/opt/local-path-provisioner',
    },
  ],
  classes: [{ name: 'local-path', volume: 'shared', default: true, reclaim: 'Delete' }],
  ...differs,
});

const nodes = (count: number): PictureNode[] => Array.from({ length: count }, (_, index) => node(index + 1));

describe('drawLab', () => {
  it('draws three nodes above their storage', () => {
    const hurt = node(3, {
      machine: 'stopped',
      kubernetes: 'NotReady',
      bricks: [{ volume: 'shared', path: '/srv/shared/brick', health: 'bad', arbiter: true }],
    });
    expect(drawLab(lab([node(1), node(2), hurt]))).toMatchInlineSnapshot(`
      "Lab demo · nspawn · 10.77.0.0/24

      ┌─ demo-node1 ── ● running ─┐   ┌─ demo-node2 ── ● running ─┐   ┌─ demo-node3 ── ○ stopped ─┐
      │ server + storage          │   │ agent + storage           │   │ agent + storage           │
      │ 10.77.0.11                │   │ 10.77.0.12                │   │ 10.77.0.13                │
      │ k3s     ● Ready           │   │ k3s     ● Ready           │   │ k3s     ✗ NotReady        │
      │ brick   ● shared          │   │ brick   ● shared          │   │ arbiter ✗ shared          │
      │ mount   ● shared          │   │ mount   ● shared          │   │ mount   ● shared          │
      └─────────────┬─────────────┘   └─────────────┬─────────────┘   └─────────────┬─────────────┘
                    │                               │                               │
      ╔═════════════╧═══════════════════════════════╧═══════════════════════════════╧═════════════╗
      ║ ● volume shared · replica 3 · Started · bricks: 2 of 3 in /srv/shared/brick               ║
      ║   mounted at /opt/local-path-provisioner · nodes: 3 of 3                                  ║
      ║   StorageClass local-path (default) · reclaim Delete                                      ║
      ╚═══════════════════════════════════════════════════════════════════════════════════════════╝
      "
    `);
  });

  it('draws a fourth node and more below the storage', () => {
    expect(drawLab(lab([...nodes(3), node(4, { bricks: [] })]))).toMatchInlineSnapshot(`
      "Lab demo · nspawn · 10.77.0.0/24

      ┌─ demo-node1 ────────────────── ● running ─┐   ┌─ demo-node2 ────────────────── ● running ─┐
      │ server + storage                          │   │ agent + storage                           │
      │ 10.77.0.11                                │   │ 10.77.0.12                                │
      │ k3s     ● Ready                           │   │ k3s     ● Ready                           │
      │ brick   ● /srv/shared/brick               │   │ brick   ● /srv/shared/brick               │
      │ mount   ● /opt/local-path-provisioner     │   │ mount   ● /opt/local-path-provisioner     │
      └─────────────────────┬─────────────────────┘   └─────────────────────┬─────────────────────┘
                            │                                               │
      ╔═════════════════════╧═══════════════════════════════════════════════╧═════════════════════╗
      ║ ● volume shared · replica 3 · Started · bricks: 3 of 3 in /srv/shared/brick               ║
      ║   mounted at /opt/local-path-provisioner · nodes: 4 of 4                                  ║
      ║   StorageClass local-path (default) · reclaim Delete                                      ║
      ╚═════════════════════╤═══════════════════════════════════════════════╤═════════════════════╝
                            │                                               │
      ┌─ demo-node3 ────────┴───────── ● running ─┐   ┌─ demo-node4 ────────┴───────── ● running ─┐
      │ agent + storage                           │   │ agent + storage                           │
      │ 10.77.0.13                                │   │ 10.77.0.14                                │
      │ k3s     ● Ready                           │   │ k3s     ● Ready                           │
      │ brick   ● /srv/shared/brick               │   │ mount   ● /opt/local-path-provisioner     │
      │ mount   ● /opt/local-path-provisioner     │   │                                           │
      └───────────────────────────────────────────┘   └───────────────────────────────────────────┘
      "
    `);
  });

  it('draws a planned lab without states', () => {
    const planned = node(1, {
      machine: undefined,
      address: undefined,
      kubernetes: 'planned',
      bricks: [{ volume: 'shared', path: '/b', health: 'unknown' }],
      mounts: [{ volume: 'shared', path: '/m', health: 'unknown' }],
    });
    const volumes = [{ name: 'shared', type: 'replica 3', health: 'unknown' as const, mount: '/m' }];
    const drawn = drawLab(lab([planned], { volumes }));
    expect(drawn).not.toMatch(/[●○✗]/);
    expect(drawn).toContain('no address yet');
    expect(drawn).toContain('bricks: 1 in /b');
  });

  it('draws more than six nodes as a table', () => {
    expect(drawLab(lab([...nodes(6), node(7, { bricks: [], kubernetes: undefined })])))
      .toMatchInlineSnapshot(`
      "Lab demo · nspawn · 10.77.0.0/24

      NODE                 ROLES          ADDRESS         MACHINE     KUBERNETES   BRICKS MOUNTS
      demo-node1           server,storage 10.77.0.11      ● running   ● Ready      1/1    1/1
      demo-node2           agent,storage  10.77.0.12      ● running   ● Ready      1/1    1/1
      demo-node3           agent,storage  10.77.0.13      ● running   ● Ready      1/1    1/1
      demo-node4           agent,storage  10.77.0.14      ● running   ● Ready      1/1    1/1
      demo-node5           agent,storage  10.77.0.15      ● running   ● Ready      1/1    1/1
      demo-node6           agent,storage  10.77.0.16      ● running   ● Ready      1/1    1/1
      demo-node7           agent,storage  10.77.0.17      ● running   -            -      1/1

      ● volume shared · replica 3 · Started · bricks: 6 of 6 in /srv/shared/brick
        mounted at /opt/local-path-provisioner · nodes: 7 of 7
        StorageClass local-path (default) · reclaim Delete
      "
    `);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 40])('fits into 93 columns with %i nodes', (count) => {
    const long = nodes(count).map((one) => ({ ...one, name: `a-rather-long-lab-name-${one.name}` }));
    const lines = drawLab(lab(long)).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(93);
  });

  it.each([1, 2, 3, 4, 5, 6])('aligns the right edges of %i boxes', (count) => {
    const uneven = nodes(count).map((one, index) =>
      index % 2 === 0 ? one : { ...one, bricks: [], mounts: [] },
    );
    const drawn = drawLab(lab(uneven));
    const lines = drawn.trimEnd().split('\n');
    // A row of boxes: from a line that ends with its upper right corner to one that ends with the lower one.
    const rows = drawn.match(/^┌[^]*?┘$/gm) ?? [];
    expect(rows.join('\n').match(/┐/g)).toHaveLength(count);
    for (const row of rows) expect(new Set(row.split('\n').map((line) => line.length)).size).toBe(1);
    const box = lines.filter((line) => /[╗╝║]$/.test(line));
    expect(new Set(box.map((line) => line.length))).toEqual(new Set([93]));
  });

  it('draws no line from a node without bricks and mounts', () => {
    const drawn = drawLab(lab([node(1), node(2, { bricks: [], mounts: [] })]));
    expect(drawn.match(/╧/g)).toHaveLength(1);
  });

  it('draws a lab without volumes', () => {
    expect(drawLab(lab([node(1, { bricks: [], mounts: [] })], { volumes: [], classes: [] }))).not.toContain(
      '═',
    );
  });
});

describe('paintPicture', () => {
  it('colours the marks only', () => {
    expect(paintPicture('● ok ✗ bad')).toBe('\u001b[32m●\u001b[39m ok \u001b[31m✗\u001b[39m bad');
  });
});
