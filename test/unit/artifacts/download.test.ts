import { expect, it } from 'vitest';
import { progressLines } from '../../../src/artifacts/download.js';
import { FakeClock } from '../../helpers/fake-clock.js';

it('writes at most one line a second, over all files', async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const progress = progressLines(clock, (line) => lines.push(line));
  progress('k3s', 1_000_000, 70_000_000);
  progress('k3s', 2_000_000, 70_000_000);
  await clock.advance(999);
  progress('bundle', 3_000_000, 70_000_000);
  await clock.advance(1);
  progress('bundle', 35_040_000, 70_000_000);
  await clock.advance(1000);
  progress('list', 5_000_000, undefined);
  expect(lines).toEqual(['k3s: 1.0 of 70.0 MB (1 %)', 'bundle: 35.0 of 70.0 MB (50 %)', 'list: 5.0 MB']);
});
