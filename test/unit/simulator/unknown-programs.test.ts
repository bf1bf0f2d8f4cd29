import { describe, expect, it } from 'vitest';
import { cmd, sh } from '../../../src/exec/command.js';
import { simMachine } from './sim-machine.js';

describe('a command that the simulator does not know', () => {
  it.each([
    ['a program', cmd('frobnicate', '-x'), 'unknown program: frobnicate -x'],
    ['an option', cmd('ls', '--zebra'), 'option --zebra'],
    ['a verb', cmd('systemctl', 'isolate', 'x.target'), 'verb isolate'],
    ['a gluster command', cmd('gluster', '--mode=script', '--xml', 'snapshot', 'list'), 'gluster snapshot'],
    ['a kind of object', cmd('kubectl', 'get', 'unicorns'), 'kubectl'],
    ['an option of timeout', cmd('timeout', '--foreground', '5', 'true'), 'timeout --foreground'],
    ['an option of a mount', cmd('mount', '-t', 'glusterfs', '-o', 'ro', 'a:/v', '/mnt'), 'mount option ro'],
    ['a bind mount of a directory on no volume', cmd('mount', '--bind', '/etc', '/mnt'), 'mount --bind'],
    ['a script of sed', cmd('sed', 's/a/b/', '/etc/hosts'), 'sed s/a/b/'],
    ['the modification time of most files', cmd('stat', '-c', '%Y', '/etc/hosts'), 'stat %Y'],
    ['a lock without an open file', cmd('flock', '-w', '1', '9'), 'flock -w 1 9'],
    ['setsid in the foreground', cmd('setsid', 'true'), 'setsid without -f'],
  ])('fails with a message that names it: %s', async (_what, command, message) => {
    const machine = await simMachine();
    await machine.exec(cmd('systemctl', 'enable', '--now', 'glusterd'));
    const { exitCode, stderr } = await machine.exec(command);
    expect(exitCode).toBe(127);
    expect(stderr).toContain(message);
  });

  it('fails the whole script, even if the script ignores the error, and lists the known programs', async () => {
    const machine = await simMachine();
    const { exitCode, stderr } = await machine.exec(sh('frobnicate 2>/dev/null || true; echo fine'));
    expect(exitCode).toBe(127);
    expect(stderr).toMatch(
      /simulator: unknown program: frobnicate[^]*knows these programs: .*\bcat, .*\bsystemctl\b/,
    );
  });

  it('is different from a program that is not installed: that one gets the error of the shell', async () => {
    const machine = await simMachine();
    expect(await machine.exec(cmd('k3s', 'kubectl', 'get', 'nodes'))).toMatchObject({
      ...{ exitCode: 127, stderr: 'sh: k3s: command not found\n' },
    });
  });
});
