import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchSignals } from '../../../src/cli/run-cli.js';
import type { Session } from '../../../src/cli/support/session.js';
import { attach } from '../../../src/exec/spawn.js';
import { cmd } from '../../../src/exec/command.js';

describe('attach', () => {
  it('returns the exit code, and 128 + signal number when a signal killed the command', async () => {
    expect(await attach(cmd('sh', '-c', 'exit 3'))).toBe(3);
    expect(await attach(cmd('sh', '-c', 'kill -KILL $$'))).toBe(137);
  });

  it('accepts a command that ends without reading its input', async () => {
    const stdin = 'x'.repeat(1_000_000);
    expect(await attach({ ...cmd('sh', '-c', 'exit 4'), stdin })).toBe(4);
  });

  it('passes signals on to the command, and removes its listeners', async () => {
    const signals = new EventEmitter();
    const ended = attach(cmd('sleep', '60'), signals);
    signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(143);
    expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0);
  });
});

describe('signals', () => {
  const session = (): Session => ({ abort: new AbortController(), verbose: false, exitCode: 0 });
  it('abort the session, unless a command has the terminal', () => {
    const [watched, signals] = [session(), new EventEmitter()];
    const unwatch = watchSignals(watched, signals);
    watched.attached = true;
    signals.emit('SIGINT', 'SIGINT');
    signals.emit('SIGINT', 'SIGINT');
    expect(watched.abort.signal.aborted).toBe(false);
    watched.attached = false;
    signals.emit('SIGINT', 'SIGINT');
    expect(watched.abort.signal.aborted).toBe(true);
    unwatch();
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });
});
