import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/events.js';
import { ListrReporter } from '../../../src/report/listr-reporter.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { PLAN, SCRIPTS } from './event-scripts.js';
import { FakeTerminal } from './fake-terminal.js';

const play = async (events: readonly RunEvent[]): Promise<FakeTerminal> => {
  const terminal = new FakeTerminal();
  const clock = new FakeClock();
  const reporter = new ListrReporter(terminal.stream, clock);
  for (const event of events) {
    await clock.advance(Math.max(0, event.at - clock.now()));
    reporter.emit(event);
  }
  await reporter.close();
  return terminal;
};

describe('ListrReporter', () => {
  it('collapses finished stages to one line each', async () => {
    const { screen } = await play(SCRIPTS[0]?.events ?? []);
    expect(screen).toMatch(/✔ machines · 1 done\n✔ gluster · 1 done\nLab demo: /);
    expect(screen).not.toContain('Create machine');
  });

  it('keeps a failed stage expanded and shows the failure', async () => {
    const { screen } = await play(SCRIPTS[1]?.events ?? []);
    expect(screen).toMatch(/[✖⚠] machines · 1 done, 1 failed\n {2}✔ Create machine demo-node1/);
  });

  it('shows "nothing to do" for an unchanged stage', async () => {
    const { screen } = await play(SCRIPTS[3]?.events ?? []);
    expect(screen).toContain('machines · nothing to do');
  });

  it('shows elapsed seconds and the last line of a running step', async () => {
    const terminal = new FakeTerminal();
    const clock = new FakeClock();
    const reporter = new ListrReporter(terminal.stream, clock);
    const id = PLAN.steps[0]?.id ?? '';
    reporter.emit({ type: 'run.started', plan: PLAN, at: 0 });
    reporter.emit({ type: 'step.started', id, at: 0 });
    await clock.advance(5_000);
    reporter.emit({ type: 'step.line', id, line: 'unpacking\nthe image', at: 5_000 });
    await clock.advance(7_000);
    await reporter.close();
    expect(terminal.text).toContain('Create machine demo-node1 (12 s)');
    expect(terminal.text).toContain('› unpacking the image');
    expect(terminal.text).toContain('Form the trusted pool · waiting');
  });

  it('restores the terminal: cursor visible, writes unchanged', async () => {
    const terminal = new FakeTerminal();
    const { write } = terminal;
    const reporter = new ListrReporter(terminal.stream, new FakeClock());
    for (const event of SCRIPTS[0]?.events ?? []) reporter.emit(event);
    await reporter.close();
    expect(terminal.raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(terminal.raw.lastIndexOf('\u001b[?25l'));
    expect(terminal.write).toBe(write);
  });
});
