import { describe, expect, it } from 'vitest';
import { droppedBetween, obstacles } from '../../../src/volumes/retire.js';
import { labOf } from '../../helpers/step-context.js';
import { claimOf, cluster, directory, pv, pvName, surveyed } from './fixtures.js';

const BEFORE = labOf(
  'gluster: {volumes: [{name: gv0}, {name: old}]}\nstorage: {classes: [{name: a, default: true}, {name: b, volume: old}]}',
);
const AFTER = labOf('gluster: {volumes: [{name: gv0}]}\nstorage: {classes: [{name: a, default: true}]}');

const names = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name);

it('finds what is no longer named', () => {
  const { classes, volumes } = droppedBetween(BEFORE, AFTER);
  expect([names(classes), names(volumes)]).toEqual([['b'], ['old']]);
  expect(droppedBetween(AFTER, BEFORE)).toEqual({ classes: [], volumes: [] });
});

it('finds a class that makes its volumes in another way now', () => {
  const changed = (mode: string) =>
    labOf(`storage: {classes: [{name: a, default: true}, {name: b, mode: ${mode}}]}`);
  expect(names(droppedBetween(changed('shared'), changed('pinned')).classes)).toEqual(['b']);
  expect(names(droppedBetween(changed('pinned'), changed('pinned')).classes)).toEqual([]);
});

describe('in the way of dropping', () => {
  const dropped = droppedBetween(BEFORE, AFTER);
  const gone = (over = {}) => surveyed([], { volume: 'old', ...over });

  it('is nothing, when nothing is there', () => {
    expect(obstacles(dropped, cluster([pv(1, { class: 'a' })]), [gone()])).toEqual([]);
  });

  it('are volumes and waiting claims of the class', () => {
    const waiting = claimOf(2, { class: 'b', phase: 'Pending', volumeName: undefined });
    expect(obstacles(dropped, cluster([pv(1, { class: 'b' })], [waiting]), [gone()])).toEqual([
      `class b: volume ${pvName(1)}, claim default/c1 (16Mi)`,
      'class b: claim default/c2 waits for a volume',
    ]);
  });

  it('are directories on the volume, and what was deleted there', () => {
    const item = { name: '1-x', path: '/q', bytes: 0, dedicated: false, entry: undefined };
    expect(
      obstacles(dropped, cluster(), [gone({ directories: [directory('x')], quarantine: [item] })]),
    ).toEqual(['volume old: /opt/local-path-provisioner/x', 'volume old: 1-x in the quarantine']);
  });

  it('are files at the top of the volume', () => {
    expect(obstacles(dropped, cluster(), [gone({ others: ['/m/notes.txt'] })])).toEqual([
      'volume old: /m/notes.txt',
    ]);
  });

  it('is not knowing', () => {
    expect(obstacles(dropped, cluster(), [gone({ mounted: false })])).toEqual([
      'volume old: it is not mounted, so nobody knows what is on it',
    ]);
  });
});
