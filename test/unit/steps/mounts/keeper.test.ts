import { describe, expect, it } from 'vitest';
import {
  renderKeeperEnv,
  renderKeeperTable,
  runKeeper,
  type KeeperInput,
} from '../../../../src/steps/mounts/keeper.js';
import { labOf } from '../../../helpers/step-context.js';

const keepers = (yaml = ''): readonly KeeperInput[] => runKeeper.plan(labOf(yaml)).map(({ input }) => input);

describe('keepers', () => {
  it('run only on the server when there is only the catalogue to keep', () => {
    expect(keepers().map(({ machine, rank }) => [machine, rank])).toEqual([['kglab-node1', undefined]]);
  });

  it.each(['gluster: {quota: true}', 'storage: {classes: [{name: own, mode: dedicated}]}'])(
    'run on all machines, each with a rank, for %s',
    (yaml) => {
      expect(keepers(yaml).map(({ machine, rank }) => [machine, rank])).toEqual([
        ['kglab-node1', 0],
        ['kglab-node2', 1],
        ['kglab-node3', 2],
      ]);
    },
  );

  it('mount volumes for themselves on storage machines, and have no rank without glusterd', () => {
    const yaml =
      'nodes: [{name: a, roles: [server]}, {name: s, roles: [storage]}]\ngluster: {quota: true, replica: 1}';
    const [server, storage] = keepers(yaml);
    expect(server).toMatchObject({ node: true, server: true, rank: undefined });
    expect(storage).toMatchObject({ node: false, server: false, rank: 0 });
    expect(storage?.volumes[0]?.mount).toBe('/run/kglab/volumes/gv0');
    // Only a machine that stores has a glusterd of its own to ask.
    expect(server?.volumes[0]?.servers).toEqual(['kglab-s']);
    expect(storage?.volumes[0]?.servers).toEqual(['localhost']);
  });
});

describe('settings of a keeper', () => {
  const YAML =
    'gluster: {brick: /data/b, volumes: [{name: gv0, quota: true}, {name: ec, type: disperse, options: {auth.allow: "*", x.y: "|"}}]}\n' +
    'storage: {classes: [{name: c, default: true}, {name: own, volume: ec, mode: dedicated}]}';

  it('the table has a line for each volume', () => {
    const [first] = keepers(YAML);
    const places = [1, 2, 3].map((index) => `kglab-node${index}:/data/b/.claims`).join(' ');
    expect(renderKeeperTable(first as KeeperInput).split('\n')).toEqual([
      `gv0|/opt/local-path-provisioner|/opt/local-path-provisioner.claims|1|0|replica 3|${places}|localhost:kglab-node2:kglab-node3|cluster.heal-timeout 60`,
      `ec|/opt/local-path-provisioner-ec|/opt/local-path-provisioner-ec.claims|0|1|disperse 3 redundancy 1|${places}|localhost:kglab-node2:kglab-node3|cluster.heal-timeout 60 auth.allow * x.y | `,
      '',
    ]);
  });

  it('the environment has rank, roles and interval', () => {
    const [first, second] = keepers(YAML);
    expect(renderKeeperEnv(first as KeeperInput)).toBe('RANK=0\nNODE=1\nSERVER=1\nEVERY=1\n');
    expect(renderKeeperEnv(second as KeeperInput)).toBe('RANK=1\nNODE=1\nSERVER=0\nEVERY=1\n');
    expect(renderKeeperEnv(keepers()[0] as KeeperInput)).toBe('RANK=\nNODE=1\nSERVER=1\nEVERY=15\n');
  });
});
