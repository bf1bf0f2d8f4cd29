import { describe, expect, it } from 'vitest';
import { chooseReporter, JsonReporter, settleMode, TeeReporter } from '../../../src/report/reporters.js';
import { LineReporter } from '../../../src/report/line-reporter.js';
import { ListrReporter } from '../../../src/report/listr-reporter.js';
import { RecordingReporter } from '../../helpers/recording-reporter.js';
import { SCRIPTS } from './event-scripts.js';
import { FakeTerminal } from './fake-terminal.js';

describe('settleMode', () => {
  it.each([
    { mode: 'auto', isTty: true, env: {}, becomes: 'list' },
    { mode: 'auto', isTty: false, env: {}, becomes: 'lines' },
    { mode: 'auto', isTty: true, env: { TERM: 'dumb' }, becomes: 'lines' },
    { mode: 'auto', isTty: true, env: { CI: 'true' }, becomes: 'lines' },
    { mode: 'list', isTty: false, env: {}, becomes: 'list' },
    { mode: 'json', isTty: true, env: {}, becomes: 'json' },
  ] as const)('$mode, terminal $isTty, $env: $becomes', ({ becomes, ...choice }) => {
    expect(settleMode(choice)).toBe(becomes);
  });
});

describe('chooseReporter', () => {
  it.each([
    { mode: 'list', type: ListrReporter },
    { mode: 'lines', type: LineReporter },
    { mode: 'json', type: JsonReporter },
  ] as const)('makes the reporter for $mode', async ({ mode, type }) => {
    const { stream } = new FakeTerminal();
    expect(await chooseReporter({ mode, isTty: true, stream })).toBeInstanceOf(type);
  });
});

describe('JsonReporter', () => {
  it('writes each event as one line of JSON, secrets blanked', () => {
    const lines: string[] = [];
    const reporter = new JsonReporter(
      (text) => lines.push(text),
      (text) => text.replaceAll('unpacking', '***'),
    );
    const events = SCRIPTS[0]?.events ?? [];
    for (const event of events) reporter.emit(event);
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(
      events.map(({ type }) => type),
    );
    expect(lines.join('')).toContain('*** the image');
  });
});

describe('TeeReporter', () => {
  it('passes all events to all reporters and closes them', async () => {
    const both = [new RecordingReporter(), new RecordingReporter()] as const;
    const tee = new TeeReporter(...both);
    for (const event of SCRIPTS[1]?.events ?? []) tee.emit(event);
    await tee.close();
    expect(both.map(({ closed }) => closed)).toEqual([true, true]);
    expect(both[0].events).toEqual(SCRIPTS[1]?.events);
    expect(both[1].outcomes()).toEqual({
      'machines.create:demo-node1': 'changed',
      'machines.create:demo-node2': 'failed',
      'gluster.pool:demo': 'skipped',
    });
  });
});
