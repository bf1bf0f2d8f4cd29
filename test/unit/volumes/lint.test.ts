import { expect, test } from 'vitest';
import { lintClaims } from '../../../src/volumes/lint.js';
import { labOf } from '../../helpers/step-context.js';
import { claimOf, cluster } from './fixtures.js';

const LAB = labOf(`
storage:
  classes:
    - {name: shared, default: true}
    - {name: stock, mode: pinned}
    - {name: own, mode: dedicated}
`);

const WAITING = { phase: 'Pending', volumeName: undefined } as const;
const lint = (over: Parameters<typeof claimOf>[1], others: readonly string[] = []) =>
  lintClaims(cluster([], [claimOf(1, { ...WAITING, ...over })]), LAB, others).map(({ message }) => message);

test('refuses ReadWriteMany of a pinned class', () => {
  expect(lint({ class: 'stock', accessModes: ['ReadWriteMany'] })).toEqual([
    'class stock is pinned to a node, which rules out ReadWriteMany (choose a shared class, or ReadWriteOnce)',
  ]);
  expect(lint({ class: 'stock', accessModes: ['ReadWriteOnce'] })).toEqual([]);
});

test('refuses local volumes of a shared class', () => {
  const annotations = { volumeType: 'local' };
  expect(lint({ class: 'shared', annotations })).toEqual([
    expect.stringMatching(/^annotation volumeType: local is not supported by class /),
  ]);
  expect(lint({ class: undefined, annotations })).toHaveLength(1);
  expect(lint({ class: 'own', annotations })).toHaveLength(1);
  expect(lint({ class: 'stock', annotations, accessModes: ['ReadWriteOnce'] })).toEqual([]);
});

test('reports a class that does not exist', () => {
  expect(lint({ class: 'fast' })).toEqual([
    'there is no class fast (classes of this lab: shared, stock, own)',
  ]);
  expect(lint({ class: 'fast' }, ['fast'])).toEqual([]);
  expect(lint({ class: '' })).toEqual([]);
});

test('reports nothing about claims that are bound', () => {
  expect(lint({ phase: 'Bound', class: 'fast' })).toEqual([]);
});
