import { mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cmd, type CommandResult, type Executor } from '../../../src/exec/command.js';
import { loggedExecutor } from '../../../src/exec/logged-executor.js';
import { openRunLog, RunLog } from '../../../src/report/run-log.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { SCRIPTS } from './event-scripts.js';

const RESULT: CommandResult = {
  exitCode: 1,
  stdout: 'one\n\ntwo t0ken\n',
  stderr: 'bad pass\n',
  durationMs: 1234,
};

describe('openRunLog', () => {
  let base = '';
  let log: RunLog;
  const text = (): string => readFileSync(log.path, 'utf8');

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'kglab-log-'));
    log = openRunLog({
      directory: join(base, 'a', 'logs'),
      name: 'up-demo',
      clock: new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
      redact: (line) => line.replaceAll('t0ken', '***'),
    });
  });

  afterEach(async () => {
    await log.close();
    rmSync(base, { recursive: true });
  });

  it('creates a file and a folder that only their owner can read', () => {
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(base, 'a', 'logs')).mode & 0o777).toBe(0o700);
    expect(log.path).toMatch(/2026-01-02T03-04-05-006Z-up-demo-\d+\.log$/);
  });

  it('refuses a file that already exists', () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
    expect(() => openRunLog({ directory: join(base, 'a', 'logs'), name: 'up-demo', clock })).toThrow(
      /EEXIST/,
    );
  });

  it('logs every event, of the plan only the ids', () => {
    for (const event of SCRIPTS[1]?.events ?? []) log.emit(event);
    expect(text().trimEnd().split('\n')).toHaveLength(SCRIPTS[1]?.events.length ?? 0);
    expect(text()).toContain(
      'run.started lab=demo steps: machines.create:demo-node1 machines.create:demo-node2',
    );
    expect(text()).toContain('"because":"the disk is full"');
  });

  it('logs commands with exit code, duration and output, secrets blanked', async () => {
    const inner: Executor = { exec: () => Promise.resolve(RESULT) };
    const command = { ...cmd('k3s', 'server', '--token', 't0ken', 'pass'), secrets: ['pass'] };
    const result = await loggedExecutor(inner, log, 'demo-node1').exec(command);
    expect(result).toBe(RESULT);
    expect(text()).toBe(`2026-01-02T03:04:05.006Z [demo-node1] $ k3s server --token *** ***
  → exit 1, 1.2 s
  1| one
  1| two ***
  2| bad ***
`);
  });

  it('logs commands that could not run, and throws their error', async () => {
    const error = new Error('no such machine');
    const inner: Executor = { exec: () => Promise.reject(error) };
    await expect(loggedExecutor(inner, log, 'demo-node1').exec(cmd('true'))).rejects.toBe(error);
    expect(text()).toContain('did not run: Error: no such machine');
  });

  it('passes options on to the executor it wraps', async () => {
    const seen: unknown[] = [];
    const inner: Executor = {
      exec: (_command, options) => {
        seen.push(options);
        return Promise.resolve(RESULT);
      },
    };
    await loggedExecutor(inner, log, 'host').exec(cmd('true'), { timeoutMs: 5 });
    expect(seen).toEqual([{ timeoutMs: 5 }]);
  });

  it.skipIf(process.platform !== 'linux')(
    'of which the disk is full ends nothing, and keeps the first thing that went wrong',
    async () => {
      const full = new RunLog('/dev/full', openSync('/dev/full', 'w'), (line) => line, new FakeClock());
      const executor = loggedExecutor({ exec: () => Promise.resolve(RESULT) }, full, 'host');
      expect(await executor.exec(cmd('true'))).toBe(RESULT);
      for (const event of SCRIPTS[1]?.events ?? []) full.emit(event);
      await full.close();
      expect(full.failure).toMatchObject({ code: 'ENOSPC' });
    },
  );

  it('returns the result of a command when the log throws', async () => {
    const bad = {
      command: () => {
        throw new Error('no log');
      },
    };
    const executor = (inner: Executor) => loggedExecutor(inner, bad, 'host').exec(cmd('true'));
    expect(await executor({ exec: () => Promise.resolve(RESULT) })).toBe(RESULT);
    const error = new Error('no such machine');
    await expect(executor({ exec: () => Promise.reject(error) })).rejects.toBe(error);
  });

  it('drops entries after it was closed', async () => {
    await log.close();
    log.note('late');
    expect(text()).toBe('');
  });
});
