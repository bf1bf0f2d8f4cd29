import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cmd, sh } from '../../../src/exec/command.js';
import { HostExecutor } from '../../../src/exec/host-executor.js';
import { findProcess, sendSignal } from '../../../src/exec/host-process.js';

const host = new HostExecutor();
let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kglab-exec-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('HostExecutor', () => {
  it('returns both streams unchanged, and the exit code', async () => {
    const result = await host.exec(sh('printf "a\\n\\n"; echo b >&2; exit 3'));
    expect(result).toMatchObject({ exitCode: 3, stdout: 'a\n\n', stderr: 'b\n' });
    expect(result.signal).toBeUndefined();
    expect(result.timedOut).toBeUndefined();
  });

  it('passes words unchanged, without a shell', async () => {
    const words = ['$HOME', 'a b', "it's", '*', ''];
    expect((await host.exec(cmd('printf', '%s|', ...words))).stdout).toBe(words.join('|') + '|');
  });

  it('passes an empty stdin when none is given', async () => {
    expect(await host.exec(cmd('cat'), { timeoutMs: 10_000 })).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('passes text as stdin, also to a program that does not read it', async () => {
    const stdin = 'ä€\n'.repeat(1_000_000);
    expect((await host.exec({ ...cmd('cat'), stdin })).stdout).toBe(stdin);
    expect(await host.exec({ ...cmd('true'), stdin })).toMatchObject({ exitCode: 0 });
  });

  it('streams a file to stdin, and throws when it does not exist', async () => {
    const path = join(dir, 'in');
    await writeFile(path, 'from a file');
    expect((await host.exec({ ...cmd('cat'), stdinFile: path })).stdout).toBe('from a file');
    await expect(host.exec({ ...cmd('cat'), stdinFile: join(dir, 'none') })).rejects.toThrow('ENOENT');
  });

  it('returns many megabytes of output', async () => {
    const { stdout } = await host.exec(sh('head -c 30000000 /dev/zero | tr "\\0" x'));
    expect(stdout.length).toBe(30_000_000);
  });

  it('returns 127 for a missing program and 126 for one that cannot run, like a shell', async () => {
    await writeFile(join(dir, 'plain'), '', { mode: 0o644 });
    expect(await host.exec(cmd('kglab-no-such-program'))).toMatchObject({
      exitCode: 127,
      stderr: 'kglab-no-such-program: command not found\n',
    });
    expect((await host.exec(cmd(join(dir, 'plain')))).exitCode).toBe(126);
  });

  it('returns the signal that killed a program', async () => {
    expect(await host.exec(sh('kill -TERM $$'))).toMatchObject({ signal: 'SIGTERM' });
  });

  it('ends a program at its timeout and sets timedOut', async () => {
    const result = await host.exec(cmd('sleep', '60'), { timeoutMs: 50 });
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
    expect(result.exitCode).not.toBe(0);
  });

  it('throws the reason of an abort, before and during a run', async () => {
    const reason = new Error('enough');
    await expect(host.exec(cmd('true'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const onLine = (): void => controller.abort(reason);
    const running = host.exec(sh('echo started; exec sleep 60'), { signal: controller.signal, onLine });
    await expect(running).rejects.toBe(reason);
  });

  it('ends the child processes too, at the timeout and on an abort', async () => {
    const forking = sh('sh -c "sleep 300; :" & echo $!; wait');
    const controller = new AbortController();
    for (const options of [{ timeoutMs: 1000 }, { signal: controller.signal }]) {
      const pids: number[] = [];
      const onLine = (line: string): void => {
        pids.push(Number(line));
        if ('signal' in options) controller.abort(new Error('enough'));
      };
      await host.exec(forking, { ...options, onLine }).catch(() => undefined);
      expect(pids).toHaveLength(1);
      expect(await findProcess(pids[0] ?? 0)).toBeUndefined();
    }
  });

  it('sends SIGTERM first, and SIGKILL to a program that still runs after that', async () => {
    const file = join(dir, 'ended');
    const slow = sh(
      'trap "sleep 0.5; echo in order > $1; exit 0" TERM; echo up; while :; do sleep 0.1; done',
      file,
    );
    const controller = new AbortController();
    const onLine = (): void => controller.abort(new Error('enough'));
    await expect(host.exec(slow, { signal: controller.signal, onLine })).rejects.toThrow('enough');
    expect(await readFile(file, 'utf8')).toBe('in order\n');
  });

  it('does not end a daemon that the program started before it ended', async () => {
    const { stdout } = await host.exec(sh('sleep 300 >/dev/null 2>&1 & echo $!'), { timeoutMs: 10_000 });
    const daemon = await findProcess(Number(stdout));
    expect(daemon).toBeDefined();
    if (daemon) await sendSignal(daemon, 'SIGKILL');
  });

  it('passes each line of both streams to onLine, the unfinished last one too', async () => {
    const lines: string[] = [];
    await host.exec(sh('echo one; sleep 0.05; printf "t\\303"; sleep 0.05; printf "\\244g"; echo err >&2'), {
      onLine: (line) => lines.push(line),
    });
    expect(lines.sort()).toEqual(['err', 'one', 'täg']);
  });

  it('sets LC_ALL=C, and extends or replaces the environment', async () => {
    const show = sh('echo "$LC_ALL-$KGLAB_TEST-${HOME:-none}"');
    const env = { KGLAB_TEST: 'x' };
    expect((await host.exec({ ...show, env })).stdout).toMatch(/^C-x-\//);
    const path = '/usr/bin:/bin';
    expect((await host.exec({ ...show, env: { ...env, PATH: path }, cleanEnv: true })).stdout).toBe(
      'C-x-none\n',
    );
  });
});
