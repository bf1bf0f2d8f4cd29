import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { findNode, machineName } from '../../../src/config/roles.js';

const rolesOf = (text: string) =>
  parseConfig(text, 'lab.yaml').nodes.map(({ name, roles }) => `${name} ${roles.join('+')}`);
const SHARED = { mode: 'shared', volumeType: 'hostPath', binding: 'WaitForFirstConsumer' };

const bricksOf = (text: string) =>
  parseConfig(text, 'lab.yaml').volumes.map(
    ({ type, replica, nodes }) => `${type} ${replica} ${nodes.join(' ')}`,
  );

test('without roles, the first node is the server, unless another is, and all nodes hold bricks', () => {
  expect(rolesOf('nodes: [{name: a}, {name: b}, {name: c}]')).toEqual([
    'a server+storage',
    'b agent+storage',
    'c agent+storage',
  ]);
  expect(rolesOf('nodes: [{name: a}, {name: b}, {name: c, roles: [server]}, {name: d}]')).toEqual([
    'a agent+storage',
    'b agent+storage',
    'c server',
    'd agent+storage',
  ]);
});

test('three separate storage nodes, a server and two agents', () => {
  const text = `
nodes:
  - {name: s1, roles: [storage]}
  - {name: s2, roles: [storage]}
  - {name: s3, roles: [storage]}
  - {name: main}
  - {name: w1}
  - {name: w2}
`;
  expect(rolesOf(text)).toEqual([
    's1 storage',
    's2 storage',
    's3 storage',
    'main server',
    'w1 agent',
    'w2 agent',
  ]);
  expect(bricksOf(text)).toEqual(['replica 3 s1 s2 s3']);
});

test.each([
  ['nodes: 1', 'replica 1 node1'],
  ['nodes: [{name: a}]', 'replica 1 a'],
  ['gluster: {replica: 1}', 'replica 1 node1 node2 node3'],
  ['nodes: 2\ngluster: {replica: 1}', 'replica 1 node1 node2'],
  ['nodes: 4', 'replica 3 node1 node2 node3'],
  ['nodes: 7', 'replica 3 node1 node2 node3 node4 node5 node6'],
  ['nodes: 5\ngluster: {replica: 5}', 'replica 5 node1 node2 node3 node4 node5'],
  ['gluster: {type: arbiter}', 'arbiter 3 node1 node2 node3'],
  ['gluster: {type: disperse}', 'disperse 3 node1 node2 node3'],
  ['nodes: 7\ngluster: {type: disperse, disperse: 3}', 'disperse 3 node1 node2 node3 node4 node5 node6'],
  ['gluster: {type: distribute}', 'distribute 1 node1 node2 node3'],
  ['nodes: 2\ngluster: {type: distribute}', 'distribute 1 node1 node2'],
  ['nodes: 6\ngluster: {type: arbiter, replica: 3}', 'arbiter 3 node1 node2 node3 node4 node5 node6'],
])('%j places the bricks %s', (text, bricks) => {
  expect(bricksOf(text)).toEqual([bricks]);
});

test('two volumes with two classes', () => {
  const text = `
nodes: 6
gluster:
  brick: /data/bricks
  volumes:
    - name: fast
      nodes: [node4, node5, node6]
      options: {network.ping-timeout: 10}
    - {name: bulk, type: arbiter, nodes: [node1, node2, node3]}
    - {name: logs, mount: /data/logs}
storage:
  path: /mnt/lab
  classes:
    - {name: fast, default: true}
    - {name: bulk, volume: bulk, reclaim: Retain}
`;
  const { volumes, classes } = parseConfig(text, 'lab.yaml');
  expect(volumes.map(({ name, brick, mount }) => [name, brick, mount])).toEqual([
    ['fast', '/data/bricks/fast', '/mnt/lab'],
    ['bulk', '/data/bricks/bulk', '/mnt/lab-bulk'],
    ['logs', '/data/bricks/logs', '/data/logs'],
  ]);
  expect(volumes.map(({ type, nodes }) => `${type} ${nodes.length}`)).toEqual([
    'replica 3',
    'arbiter 3',
    'replica 6',
  ]);
  expect(volumes[0]?.options).toEqual({ 'network.ping-timeout': '10' });
  expect(classes).toEqual([
    { name: 'fast', volume: 'fast', ...SHARED, default: true, reclaim: 'Delete' },
    { name: 'bulk', volume: 'bulk', ...SHARED, default: false, reclaim: 'Retain' },
  ]);
});

test('a single class is the default class', () => {
  expect(parseConfig('storage: {classes: [{name: shared}]}', 'lab.yaml').classes).toEqual([
    { name: 'shared', volume: 'gv0', ...SHARED, default: true, reclaim: 'Delete' },
  ]);
});

test('accepts 200 nodes, as a list and as a number', () => {
  const list = Array.from({ length: 200 }, (_, index) => `  - {name: n${index}, memory: 1GiB}\n`).join('');
  expect(parseConfig(`nodes:\n${list}`, 'lab.yaml').nodes).toHaveLength(200);
  expect(parseConfig('nodes: 200', 'lab.yaml').volumes[0]?.nodes).toHaveLength(198);
});

test.each([
  ['gluster: {type: disperse}', 1],
  ['nodes: 6\ngluster: {type: disperse}', 2],
  ['nodes: 6\ngluster: {type: disperse, redundancy: 1}', 1],
  ['gluster: {type: replica}', 0],
])('%j gives redundancy %i', (text, redundancy) => {
  expect(parseConfig(text, 'lab.yaml').volumes[0]?.redundancy).toBe(redundancy);
});

test('four classes of all modes on two volumes with different profiles', () => {
  const text = `
gluster:
  volumes:
    - {name: ssd, profile: database, quota: true}
    - {name: hdd, type: disperse}
storage:
  classes:
    - {name: ssd, default: true}
    - {name: hdd, volume: hdd, reclaim: Retain}
    - {name: stock, volume: hdd, mode: pinned, volumeType: local}
    - {name: own, mode: dedicated}
`;
  const { volumes, classes } = parseConfig(text, 'lab.yaml');
  expect(volumes.map(({ name, profile, quota, mount }) => [name, profile, quota, mount])).toEqual([
    ['ssd', 'database', true, '/opt/local-path-provisioner'],
    ['hdd', 'default', false, '/opt/local-path-provisioner-hdd'],
  ]);
  expect(classes.map(({ name, volume, mode, volumeType }) => [name, volume, mode, volumeType])).toEqual([
    ['ssd', 'ssd', 'shared', 'hostPath'],
    ['hdd', 'hdd', 'shared', 'hostPath'],
    ['stock', 'hdd', 'pinned', 'local'],
    ['own', 'ssd', 'dedicated', 'hostPath'],
  ]);
});

test('finds a node by its short name and by its machine name', () => {
  const config = parseConfig('name: lab', 'lab.yaml');
  expect(findNode(config, 'node2')).toBe(config.nodes[1]);
  expect(findNode(config, machineName('lab', 'node2'))).toBe(config.nodes[1]);
  expect(findNode(config, 'kglab-node2')).toBeUndefined();
});
