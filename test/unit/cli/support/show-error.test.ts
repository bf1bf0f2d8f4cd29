import { describe, expect, it } from 'vitest';
import { showError, wantsColour, type ErrorScreen } from '../../../../src/cli/support/show-error.js';
import { CATALOG, type ErrorCode } from '../../../../src/errors/catalog.js';
import { CliError } from '../../../../src/errors/cli-error.js';
import { CommandError } from '../../../../src/exec/checked.js';
import { NEXT_STEPS } from '../../../../src/errors/next-steps.js';
import { cmd } from '../../../../src/exec/command.js';

const show = (error: unknown, differs: Partial<ErrorScreen> = {}): { exit: number; text: string } => {
  let text = '';
  const write = (part: string): void => void (text += part);
  const exit = showError(error, { write, colour: false, verbose: false, ...differs });
  return { exit, text };
};

const commandError = (where = 'demo-node1'): CommandError =>
  new CommandError(
    'GLUSTER_FAILED',
    where,
    { ...cmd('gluster', 'peer', 'probe', 'my node', 's3cret'), secrets: ['s3cret'] },
    { exitCode: 1, stdout: 'peer probe: failed: s3cret\n', stderr: 'Connection failed.\n', durationMs: 12 },
    { hint: 'Look at the peer:\n  kglab doctor' },
  );

describe('showError', () => {
  it('explains a failed command: title, message, evidence, command, next step, log', () => {
    expect(show(commandError(), { logPath: '/var/log/kglab/up.log' })).toEqual({
      exit: 40,
      text: `✗ A Gluster command failed [GLUSTER_FAILED]
  gluster on demo-node1 ended with exit code 1
    │ peer probe: failed: ***
    │ Connection failed.
  command: gluster peer probe 'my node' ***
           (on demo-node1)
  next:    Look at the peer:
             kglab doctor
  log:     /var/log/kglab/up.log
`,
    });
  });

  it.each(Object.keys(CATALOG) as ErrorCode[])(
    'shows the next step of the catalogue for an error without a hint: %s',
    (code) => {
      const next = NEXT_STEPS[code];
      expect(next).toMatch(/\S.{10}/);
      expect(show(new CliError(code, 'It went wrong.')).text).toContain(`  next:    ${next}\n`);
      expect(show(new CliError(code, 'It went wrong.', { hint: 'Do this.' })).text).not.toContain(next);
    },
  );

  it('takes command and evidence from the cause of an error that has none', () => {
    const error = new CliError('GLUSTER_PEER_TIMEOUT', 'No pool after 60 s.', {
      cause: commandError('host'),
    });
    const { exit, text } = show(error);
    expect(exit).toBe(42);
    expect(text).toContain('No pool after 60 s.\n    │ peer probe: failed: ***');
    expect(text).toContain("command: gluster peer probe 'my node' ***\n");
    expect(text).not.toContain('(on host)');
  });

  it('explains the first of several errors, lists the others once, and takes the exit code of the first', () => {
    const again = new CliError('K3S_FAILED', 'No k3s on node2.');
    const nested = new AggregateError([new AggregateError([commandError(), again]), again, new Error('odd')]);
    const { exit, text } = show(nested);
    expect(exit).toBe(40);
    expect(text.match(/also:/g)).toHaveLength(2);
    expect(text).toContain('also:    No k3s on node2. [K3S_FAILED]\n');
    expect(text).toContain('also:    odd\n');
  });

  it('shows the other error, not the interruption, if there are both', () => {
    const abort = new DOMException('stopped', 'AbortError');
    const { exit, text } = show(new AggregateError([abort, commandError()]));
    expect(exit).toBe(40);
    expect(text).not.toContain('stopped');
  });

  it.each([
    new DOMException('stopped', 'AbortError'),
    Object.assign(new Error('force closed'), { name: 'ExitPromptError' }),
    new AggregateError([new DOMException('stopped', 'AbortError')]),
  ])('shows only `Interrupted.` for $name', (error) => {
    expect(show(error)).toEqual({ exit: 130, text: 'Interrupted.\n' });
  });

  it('shows the hint and log of an interruption', () => {
    const error = new CliError('INTERRUPTED', 'stopped', { hint: 'kglab up goes on from here.' });
    expect(show(error, { logPath: '/l' }).text).toBe(
      'Interrupted.\n  next:    kglab up goes on from here.\n  log:     /l\n',
    );
  });

  it('calls an unknown error a bug, and shows its stack only with --verbose', () => {
    const bug = new TypeError('x is not a function');
    const quiet = show(bug);
    expect(quiet.exit).toBe(1);
    expect(quiet.text).toContain(
      '[BUG]\n  x is not a function\n  next:    This is a bug in kglab: please report it',
    );
    expect(quiet.text).not.toContain('    at ');
    expect(show(bug, { verbose: true }).text).toMatch(/│ {5}at .*show-error\.test\.ts/);
  });

  it.each(['a string', undefined, null, new AggregateError([])])(
    'shows %s as a bug when it is thrown',
    (thrown) => {
      expect(show(thrown)).toMatchObject({ exit: 1, text: expect.stringContaining('[BUG]') as string });
    },
  );

  it('uses colours only with `colour`', () => {
    expect(show(commandError()).text).not.toContain('\u001b');
    expect(show(commandError(), { colour: true }).text).toContain('\u001b[31m✗ A Gluster command failed');
  });
});

describe('wantsColour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s, %o: %s', (isTty, env, expected) => {
    expect(wantsColour(isTty, env)).toBe(expected);
  });
});
