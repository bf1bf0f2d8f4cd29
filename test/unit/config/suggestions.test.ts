import { expect, test } from 'vitest';
import { didYouMean, editDistance, knownWords, nearest } from '../../../src/config/nearest.js';

test.each([
  ['', 'abc', 3],
  ['nodes', 'nodes', 0],
  ['nspwan', 'nspawn', 1],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
])('the edit distance from %s to %s is %i', (a, b, edits) => {
  expect([editDistance(a, b), editDistance(b, a)]).toEqual([edits, edits]);
});

test('suggests only similar words', () => {
  expect(nearest('repilca', ['replica', 'arbiter'])).toEqual(['replica']);
  expect(didYouMean('x', ['a', 'b'])).toBeUndefined();
  expect(didYouMean('node9', ['node1', 'node2', 'node3'])).toBeUndefined();
  expect(nearest('y'.repeat(100_000), ['y'])).toEqual([]);
});

test('shortens a long list of known words', () => {
  expect(
    knownWords(
      'zzz',
      Array.from({ length: 13 }, (_, i) => `name${i}`),
    ),
  ).toMatch(/^known: name0, .*name11, …$/);
});
