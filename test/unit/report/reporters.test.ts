import { describe, expect, it } from 'vitest';
import type { Reporter } from '../../../src/engine/events.js';
import { LineReporter } from '../../../src/report/line-reporter.js';
import { ListrReporter } from '../../../src/report/listr-reporter.js';
import { TeeReporter } from '../../../src/report/reporters.js';
import type { Clock } from '../../../src/util/clock.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { RecordingReporter } from '../../helpers/recording-reporter.js';
import { PLAN, SCRIPTS } from './event-scripts.js';
import { FakeTerminal } from './fake-terminal.js';

const REPORTERS: { name: string; make: (terminal: FakeTerminal, clock: Clock) => Reporter }[] = [
  { name: 'lines', make: (terminal, clock) => new LineReporter(terminal.write, clock) },
  { name: 'live list', make: (terminal, clock) => new ListrReporter(terminal.stream, clock) },
];

describe.each(REPORTERS)('$name', ({ make }) => {
  it.each(SCRIPTS)('reports: $name', async ({ events, says }) => {
    const terminal = new FakeTerminal();
    const clock = new FakeClock();
    const reporter = make(terminal, clock);
    for (const event of events) {
      await clock.advance(Math.max(0, event.at - clock.now()));
      reporter.emit(event);
    }
    await reporter.close();
    for (const said of says) expect(terminal.text).toMatch(said);
  });

  it.each(SCRIPTS)('reports when all events come at once: $name', async ({ events, says }) => {
    const terminal = new FakeTerminal();
    const reporter = make(terminal, new FakeClock());
    for (const event of events) reporter.emit(event);
    await reporter.close();
    for (const said of says) expect(terminal.text).toMatch(said);
  });

  it('can be closed without a run, and twice', async () => {
    const terminal = new FakeTerminal();
    const reporter = make(terminal, new FakeClock());
    await reporter.close();
    await reporter.close();
    expect(terminal.text).toBe('');
  });

  it('can be closed in the middle of a run', async () => {
    const terminal = new FakeTerminal();
    const reporter = make(terminal, new FakeClock());
    reporter.emit({ type: 'run.started', plan: PLAN, at: 0 });
    reporter.emit({ type: 'step.started', id: PLAN.steps[0]?.id ?? '', at: 0 });
    await reporter.close();
    expect(terminal.text).not.toContain('Lab demo: 2 machines');
  });
});

describe('TeeReporter', () => {
  it('passes events to all reporters when one throws, closes them, and keeps the first error', async () => {
    const error = new Error('the disk is full');
    const broken: Reporter = {
      emit: () => {
        throw error;
      },
      close: () => Promise.reject(new Error('closing fails, too')),
    };
    const kept = new RecordingReporter();
    const tee = new TeeReporter(broken, kept);
    tee.emit({ type: 'run.started', plan: PLAN, at: 0 });
    await tee.close();
    expect(kept.events).toHaveLength(1);
    expect(kept.closed).toBe(true);
    expect(tee.failure).toBe(error);
  });
});
