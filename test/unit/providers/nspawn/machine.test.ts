import { describe, expect, it } from 'vitest';
import { cmd, type Command, type Executor } from '../../../../src/exec/command.js';
import { findProcess, parseStat } from '../../../../src/exec/host-process.js';
import { NspawnMachine } from '../../../../src/providers/nspawn/machine.js';

const answer = { exitCode: 0, stdout: 'ok', stderr: '', durationMs: 1 };

class CountingHost implements Executor {
  readonly commands: Command[] = [];
  exec = async (command: Command) => {
    this.commands.push(command);
    return answer;
  };
}

describe('NspawnMachine', () => {
  it('looks for the init once, as long as it lives', async () => {
    const host = new CountingHost();
    let looks = 0;
    const self = await findProcess(process.pid);
    const machine = new NspawnMachine('m', host, async () => {
      looks++;
      return self;
    });
    await machine.exec(cmd('true'));
    await machine.exec(cmd('true'));
    expect(looks).toBe(1);
    expect(host.commands[1]?.args[1]).toBe(String(process.pid));
  });

  it('looks again when the number belongs to a later process', async () => {
    const found = [{ pid: process.pid, startTime: '1' }, await findProcess(process.pid)];
    const machine = new NspawnMachine('m', new CountingHost(), async () => found.shift());
    await machine.exec(cmd('true'));
    await machine.exec(cmd('true'));
    expect(found).toEqual([]);
  });

  it('is unreachable when it does not run, and runs nothing then', async () => {
    const host = new CountingHost();
    const machine = new NspawnMachine('m', host, async () => undefined);
    await expect(machine.exec(cmd('true'))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
    expect(host.commands).toEqual([]);
  });

  it('is unreachable when it goes down under a command', async () => {
    const host: Executor = { exec: async () => ({ ...answer, exitCode: 137, signal: 'SIGKILL' }) };
    const machine = new NspawnMachine('m', host, async () => ({ pid: process.pid, startTime: 'gone' }));
    await expect(machine.exec(cmd('true'))).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE' });
  });
});

describe('parseStat', () => {
  it('is not confused by a name with blanks and parentheses', () => {
    const stat = '7 (a) Z (b)) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 555 0 0';
    expect(parseStat(stat)).toEqual({ pid: 7, startTime: '555' });
    expect(parseStat('')).toBeUndefined();
  });
});
