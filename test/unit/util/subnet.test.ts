import { expect, test } from 'vitest';
import { formatRange, isPrivate, parseRange, rangesOverlap } from '../../../src/util/subnet.js';

test('parses, formats and compares IPv4 ranges', () => {
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
