import { describe, expect, it } from 'vitest';
import { planUp } from '../../../../src/plan/plan-up.js';
import type { StepInputs } from '../../../../src/plan/step.js';
import { renderKeeperEnv, renderKeeperTable } from '../../../../src/stages/gluster/render-keeper.js';
import { labOf } from '../../../helpers/step-context.js';

type Input = StepInputs['mounts.keeper'];

const keepers = (yaml = ''): readonly Input[] =>
  planUp(labOf(yaml)).steps.flatMap((step) => (step.kind === 'mounts.keeper' ? [step.input] : []));

describe('keepers', () => {
  it('run on the server alone when there is nothing but the catalogue to keep', () => {
    expect(keepers().map(({ machine, rank }) => [machine, rank])).toEqual([['kglab-node1', undefined]]);
  });

  it.each(['gluster: {quota: true}', 'storage: {classes: [{name: own, mode: dedicated}]}'])(
    'run everywhere for %s, each with its turn',
    (yaml) => {
      expect(keepers(yaml).map(({ machine, rank }) => [machine, rank])).toEqual([
        ['kglab-node1', 0],
        ['kglab-node2', 1],
        ['kglab-node3', 2],
      ]);
    },
  );

  it('on machines that only store mount what they keep for themselves; others answer nothing', () => {
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

describe('what a keeper is told', () => {
  const YAML =
    'gluster: {brick: /data/b, volumes: [{name: gv0, quota: true}, {name: ec, type: disperse, options: {auth.allow: "*", x.y: "|"}}]}\n' +
    'storage: {classes: [{name: c, default: true}, {name: own, volume: ec, mode: dedicated}]}';

  it('is a line for each volume', () => {
    const [first] = keepers(YAML);
    const places = [1, 2, 3].map((index) => `kglab-node${index}:/data/b/.claims`).join(' ');
    expect(renderKeeperTable(first as Input).split('\n')).toEqual([
      `gv0|/opt/local-path-provisioner|/opt/local-path-provisioner.claims|1|0|replica 3|${places}|localhost:kglab-node2:kglab-node3|cluster.heal-timeout 60`,
      `ec|/opt/local-path-provisioner-ec|/opt/local-path-provisioner-ec.claims|0|1|disperse 3 redundancy 1|${places}|localhost:kglab-node2:kglab-node3|cluster.heal-timeout 60 auth.allow * x.y | `,
      '',
    ]);
  });

  it('is whose turn it is and what it is there for', () => {
    const [first, second] = keepers(YAML);
    expect(renderKeeperEnv(first as Input)).toBe('RANK=0\nNODE=1\nSERVER=1\nEVERY=1\n');
    expect(renderKeeperEnv(second as Input)).toBe('RANK=1\nNODE=1\nSERVER=0\nEVERY=1\n');
    expect(renderKeeperEnv(keepers()[0] as Input)).toBe('RANK=\nNODE=1\nSERVER=1\nEVERY=15\n');
  });
});
