import { describe, expect, it } from 'vitest';
import { cmd } from '../../../../src/exec/command.js';
import { HostExecutor } from '../../../../src/exec/host-executor.js';
import { innerLines, unwrap, WRAPPER } from '../../../../src/providers/multipass/sentinel.js';

const host = new HostExecutor();

/** Runs words as the machine would: the wrapper needs nothing but sh and timeout. */
const run = async (limit: string, ...words: string[]) => {
  const { stdout } = await host.exec(
    cmd('sh', '-c', WRAPPER, 'kglab', limit, 'GREETING=a b', '--', ...words),
  );
  return unwrap(stdout);
};

describe('the marks around a command', () => {
  it.each([
    ['', 0],
    ['words', 3],
    ['two\nlines\n', 255],
    ['\n\nblank\n\n', 2],
  ])('give back %j and %i exactly', async (text, code) => {
    expect(await run('0', 'sh', '-c', 'printf %s "$1"; exit "$2"', 'sh', text, String(code))).toEqual({
      stdout: text,
      exitCode: code,
    });
  });

  it('keep the words apart, and set the environment', async () => {
    const script = 'printf "%s|" "$GREETING" "$@"';
    expect((await run('0', 'sh', '-c', script, 'sh', "it's", '$HOME', '', ' x ', '--'))?.stdout).toBe(
      "a b|it's|$HOME|| x |--|",
    );
  });

  it('give the exit codes of a timeout and of a missing command', async () => {
    expect((await run('0.1', 'sleep', '5'))?.exitCode).toBe(124);
    expect((await run('0', 'no-such-program'))?.exitCode).toBe(127);
  });

  it('leave out output before the command', () => {
    const noise = '\u001b[2K\u001b[0A\u001b[0EStarting a  \b/\b \u001b[2K';
    expect(unwrap(`${noise}\u001ekglab-begin\nout\n\u001ekglab-end 7\n`)).toEqual({
      stdout: 'out',
      exitCode: 7,
    });
  });

  it('return undefined when the connection broke', () => {
    expect(unwrap('')).toBeUndefined();
    expect(unwrap('\u001ekglab-begin\nhalf of an ans')).toBeUndefined();
  });
});

describe('innerLines', () => {
  const told = (...lines: string[]): string[] => {
    const seen: string[] = [];
    const tell = innerLines((line) => seen.push(line));
    lines.forEach(tell);
    return seen;
  };

  it('passes on only the lines of the command', () => {
    expect(told('noise\u001ekglab-begin', 'one', '', 'two', '', '\u001ekglab-end 0')).toEqual([
      'one',
      '',
      'two',
    ]);
  });
});
