import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';

const node = (name: string, role: string) => ({
  name,
  machine: `kglab-${name}`,
  roles: [role, 'storage'],
  cpus: 2,
  memoryMiB: 2048,
  diskGiB: 10,
});

const DEFAULTS = {
  name: 'kglab',
  provider: 'auto',
  image: 'default',
  nodes: [node('node1', 'server'), node('node2', 'agent'), node('node3', 'agent')],
  volumes: [
    {
      name: 'gv0',
      type: 'replica',
      replica: 3,
      redundancy: 0,
      profile: 'default',
      quota: false,
      nodes: ['node1', 'node2', 'node3'],
      brick: '/data/brick/gv0',
      mount: '/opt/local-path-provisioner',
      options: {},
    },
  ],
  classes: [
    {
      name: 'local-path',
      volume: 'gv0',
      mode: 'shared',
      volumeType: 'hostPath',
      binding: 'WaitForFirstConsumer',
      default: true,
      reclaim: 'Delete',
    },
  ],
  k3s: {
    version: 'default',
    disable: ['traefik', 'servicelb', 'metrics-server', 'local-storage'],
    serverConfig: {},
    agentConfig: {},
    artifacts: undefined,
  },
  provisioner: { image: undefined, helperImage: undefined, namespace: 'local-path-storage' },
  smoke: { enabled: true, image: undefined, namespace: 'kglab-smoke', timeoutSeconds: 180 },
  network: { subnet: undefined, internet: 'auto' },
};

/** Every key of the lab file, with its default. */
const WRITTEN_OUT = `
name: kglab
provider: auto
image: default
nodes: 3
machine: {cpus: 2, memory: 2GiB, disk: 10GiB}
gluster:
  volume: gv0
  brick: /data/brick
  type: replica
  replica: 3
  disperse:
  redundancy:
  profile: default
  quota: false
  options: {}
  volumes: []
k3s:
  version: default
  disable: [traefik, servicelb, metrics-server]
  server: {}
  agent: {}
  artifacts:
storage:
  path: /opt/local-path-provisioner
  class: local-path
  reclaim: Delete
  classes: []
  provisioner: {image, helperImage, namespace: local-path-storage}
smoke: {enabled: true, image, namespace: kglab-smoke, timeout: 180s}
network: {subnet, internet: auto}
`;

test.each([
  ['an empty file', ''],
  ['a file of comments', '# nothing\n\n# here\n'],
  ['an empty document', '---\n'],
  ['an empty mapping', '{}'],
  ['empty sections', 'gluster:\nk3s:\nnodes:\nstorage:\n  classes:\nnetwork:\n'],
  ['a file with every default written out', WRITTEN_OUT],
])('%s gives the default lab of three nodes', (_, text) => {
  expect(parseConfig(text, 'lab.yaml')).toStrictEqual(DEFAULTS);
});

test('a node without sizes gets those of `machine`, and disk sizes are rounded up to whole GiB', () => {
  const text = `
machine: {cpus: 4, memory: 1.5GiB, disk: 4097MiB}
nodes:
  - name: a
  - {name: b, cpus: 1, memory: 512m, disk: 3g}
  - {name: c, memory: 2G, disk: 2048000M}
`;
  const sizes = parseConfig(text, 'lab.yaml').nodes.map((one) => [one.cpus, one.memoryMiB, one.diskGiB]);
  expect(sizes).toEqual([
    [4, 1536, 5],
    [1, 512, 3],
    [4, 2048, 2000],
  ]);
});

test.each([
  ['true', 'on'],
  ['false', 'off'],
  ['on', 'on'],
  ['off', 'off'],
])('network.internet: %s means %s', (written, meant) => {
  expect(parseConfig(`network: {internet: ${written}}`, 'lab.yaml').network.internet).toBe(meant);
});

test('numbers in Gluster options become strings, true and false become on and off', () => {
  const text =
    'gluster: {options: {network.ping-timeout: 10, performance.readdir-ahead: false, nfs.disable: true}}';
  expect(parseConfig(text, 'lab.yaml').volumes[0]?.options).toEqual({
    'network.ping-timeout': '10',
    'performance.readdir-ahead': 'off',
    'nfs.disable': 'on',
  });
});

test('passes k3s options through unchanged and disables a component only once', () => {
  const text =
    'k3s: {disable: [local-storage], server: {tls-san: [a, b], node-label+: x=y}, agent: {v: 2, debug: true}}';
  expect(parseConfig(text, 'lab.yaml').k3s).toMatchObject({
    disable: ['local-storage'],
    serverConfig: { 'tls-san': ['a', 'b'], 'node-label+': 'x=y' },
    agentConfig: { v: 2, debug: true },
  });
});

test('accepts an alias of an earlier value', () => {
  const text =
    'nodes:\n  - {name: a, roles: &both [agent, storage]}\n  - {name: b, roles: *both}\n  - {name: c, roles: [server, storage]}\n';
  expect(parseConfig(text, 'lab.yaml').nodes[1]?.roles).toEqual(['agent', 'storage']);
});
