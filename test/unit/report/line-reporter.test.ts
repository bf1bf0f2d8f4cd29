import { describe, expect, it } from 'vitest';
import { LineReporter } from '../../../src/report/line-reporter.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { PLAN, SCRIPTS } from './event-scripts.js';

const setUp = (): { lines: string[]; clock: FakeClock; reporter: LineReporter } => {
  const lines: string[] = [];
  const clock = new FakeClock();
  return { lines, clock, reporter: new LineReporter((text) => lines.push(text), clock) };
};

describe('LineReporter', () => {
  it('writes one complete line per event', () => {
    const { lines, reporter } = setUp();
    for (const event of SCRIPTS[0]?.events ?? []) reporter.emit(event);
    expect(lines.join('')).toBe(`Lab demo: 3 steps
[machines] Create machine demo-node1 … (it does not exist)
[machines] Create machine demo-node1 … unpacking the image
[machines] Create machine demo-node2 … unchanged
[machines] Create machine demo-node1 … done (3.2 s)
[gluster] Form the trusted pool … (one peer is missing)
[gluster] Form the trusted pool … done (0.8 s)
Lab demo: 2 machines, 3 steps, 2 changes (4.0 s).
`);
  });

  it('prints the lines of a step; when only numbers change, one every 2 s', () => {
    const { lines, reporter } = setUp();
    const id = PLAN.steps[0]?.id ?? '';
    reporter.emit({ type: 'run.started', plan: PLAN, at: 0 });
    reporter.emit({ type: 'step.started', id, at: 0 });
    const told = [
      [0, 'filling the brick'],
      [100, '10 %'],
      [200, '11 %'],
      [1_900, '60 %'],
      [2_200, '  80 %\r  90 % \u001b[2K'],
      [2_300, 'filled'],
    ] as const;
    for (const [at, line] of told) reporter.emit({ type: 'step.line', id, line, at });
    expect(lines.slice(1).map((line) => line.split(' … ')[1])).toEqual([
      ...['filling the brick\n', '10 %\n', '90 %\n', 'filled\n'],
    ]);
  });

  it('prints every 15 s that a silent step still runs, with its last line', async () => {
    const { lines, clock, reporter } = setUp();
    const id = PLAN.steps[0]?.id ?? '';
    reporter.emit({ type: 'run.started', plan: PLAN, at: 0 });
    reporter.emit({ type: 'step.started', id, at: 0 });
    reporter.emit({ type: 'step.line', id, line: '55 %', at: 0 });
    await clock.advance(14_000);
    expect(lines).toHaveLength(2);
    await clock.advance(17_000);
    expect(lines.slice(2)).toEqual([
      '[machines] Create machine demo-node1 … still running after 15 s: 55 %\n',
      '[machines] Create machine demo-node1 … still running after 30 s: 55 %\n',
    ]);
    reporter.emit({ type: 'step.finished', id, outcome: 'changed', durationMs: 31_000, at: 31_000 });
    await clock.advance(60_000);
    expect(lines.at(-1)).toBe('[machines] Create machine demo-node1 … done (31 s)\n');
  });

  it('prints nothing after it was closed', async () => {
    const { lines, clock, reporter } = setUp();
    reporter.emit({ type: 'run.started', plan: PLAN, at: 0 });
    reporter.emit({ type: 'step.started', id: PLAN.steps[0]?.id ?? '', at: 0 });
    await reporter.close();
    await clock.advance(60_000);
    expect(lines).toHaveLength(1);
  });

  it('ignores events of steps that are not in the plan', () => {
    const { lines, reporter } = setUp();
    reporter.emit({ type: 'run.started', plan: PLAN, at: 0 });
    reporter.emit({ type: 'step.pending', id: 'k3s.ready:elsewhere', because: 'x', at: 1 });
    expect(lines).toHaveLength(1);
  });
});
