import { expect, it } from 'vitest';
import { formatDuration } from '../../../src/report/duration.js';

it.each([
  [-5, '0.0 s'],
  [40, '0.0 s'],
  [9940, '9.9 s'],
  [9999, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [185_000, '3 min 05 s'],
])('%i ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
