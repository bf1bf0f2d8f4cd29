import { beforeEach, describe, expect, it } from 'vitest';
import type { Command, CommandResult, Executor } from '../../../../src/exec/command.js';
import { MultipassClient } from '../../../../src/providers/multipass/client.js';
import { DEADLINES } from '../../../../src/providers/multipass/options.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

/** Answers a command when it is told to. */
class SlowHost implements Executor {
  readonly asked: string[] = [];
  private readonly waiting = new Map<string, (result: CommandResult) => void>();

  exec({ args }: Command): Promise<CommandResult> {
    const words = args.join(' ');
    this.asked.push(words);
    return new Promise((resolve) => this.waiting.set(words, resolve));
  }

  async answer(words: string): Promise<void> {
    this.waiting.get(words)?.({ exitCode: 0, stdout: '', stderr: '', durationMs: 1 });
    await settle();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let host: SlowHost;
let client: MultipassClient;
beforeEach(() => {
  host = new SlowHost();
  client = new MultipassClient({
    ...{ host, clock: new FakeClock(), platform: 'linux', home: '/home/me', deadlines: DEADLINES },
  });
});

const ask = async (...words: string[]): Promise<void> => {
  void client.call(words, { timeoutMs: words[0] === 'list' ? DEADLINES.listMs : DEADLINES.launchMs });
  await settle();
};
const stop = async (name: string): Promise<void> => {
  void client.exclusively(['stop', name], { timeoutMs: DEADLINES.stopMs });
  await settle();
};

describe('a command that blocks the daemon', () => {
  it('waits until short calls have been answered, and not for a launch', async () => {
    await ask('launch');
    await ask('list');
    await stop('a');
    expect(host.asked).toEqual(['launch', 'list']);
    await host.answer('list');
    expect(host.asked).toEqual(['launch', 'list', 'stop a']);
  });

  it('is followed by the next one before anything else is asked', async () => {
    await stop('a');
    await ask('list');
    await stop('b');
    expect(host.asked).toEqual(['stop a']);
    await host.answer('stop a');
    expect(host.asked).toEqual(['stop a', 'stop b']);
    await host.answer('stop b');
    expect(host.asked).toEqual(['stop a', 'stop b', 'list']);
  });
});
