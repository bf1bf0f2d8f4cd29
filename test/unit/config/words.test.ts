import { expect, test } from 'vitest';
import { findNode, machineName } from '../../../src/config/names.js';
import { didYouMean, editDistance, knownWords, nearest } from '../../../src/config/nearest.js';
import { parseConfig } from '../../../src/config/parse.js';
import { formatRange, isPrivate, parseRange, rangesOverlap } from '../../../src/util/subnet.js';

test.each([
  ['', 'abc', 3],
  ['nodes', 'nodes', 0],
  ['nspwan', 'nspawn', 1],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
])('from %s to %s it is %i edits', (a, b, edits) => {
  expect([editDistance(a, b), editDistance(b, a)]).toEqual([edits, edits]);
});

test('only near words are suggested', () => {
  expect(nearest('repilca', ['replica', 'arbiter'])).toEqual(['replica']);
  expect(didYouMean('x', ['a', 'b'])).toBeUndefined();
  expect(didYouMean('node9', ['node1', 'node2', 'node3'])).toBeUndefined();
  expect(nearest('y'.repeat(100_000), ['y'])).toEqual([]);
});

test('a long list of known words is cut', () => {
  expect(
    knownWords(
      'zzz',
      Array.from({ length: 13 }, (_, i) => `name${i}`),
    ),
  ).toMatch(/^known: name0, .*name11, …$/);
});

test('ranges', () => {
  expect(parseRange('10.77.0.9/24')).toEqual(parseRange('10.77.0.0/24'));
  expect(formatRange(parseRange('192.168.255.255/20') ?? { first: 0, size: 1 })).toBe('192.168.240.0/20');
  expect(['10.0.0.256/24', '10.0.0.0/33', '10.0.0/24', 'x'].map(parseRange)).toEqual(
    Array(4).fill(undefined),
  );
  const [pods, lab, next] = ['10.42.0.0/16', '10.42.255.0/24', '10.43.0.0/24'].map((cidr) =>
    parseRange(cidr),
  );
  if (!pods || !lab || !next) throw new Error('a range was not read');
  expect([rangesOverlap(pods, lab), rangesOverlap(lab, pods), rangesOverlap(pods, next)]).toEqual([
    true,
    true,
    false,
  ]);
});

test.each([
  ['10.255.0.0/16', true],
  ['172.31.0.0/16', true],
  ['172.32.0.0/16', false],
  ['192.168.0.0/16', true],
  ['192.169.0.0/24', false],
])('%s is private: %s', (cidr, expected) => {
  const range = parseRange(cidr);
  expect(range && isPrivate(range)).toBe(expected);
});

test('a node is found by its short name and by that of its machine', () => {
  const config = parseConfig('name: lab', 'lab.yaml');
  expect(findNode(config, 'node2')).toBe(config.nodes[1]);
  expect(findNode(config, machineName('lab', 'node2'))).toBe(config.nodes[1]);
  expect(findNode(config, 'kglab-node2')).toBeUndefined();
});
