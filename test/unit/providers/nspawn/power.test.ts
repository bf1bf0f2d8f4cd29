import { beforeEach, describe, expect, it } from 'vitest';
import { labPaths } from '../../../../src/providers/nspawn/paths.js';
import { Power, type PowerTarget } from '../../../../src/providers/nspawn/power.js';
import type { MachineProcesses } from '../../../../src/providers/nspawn/process-state.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { ScriptedExecutor } from '../../../helpers/scripted-executor.js';

const OFF: MachineProcesses = { nspawn: undefined, init: undefined };
const ON: MachineProcesses = { nspawn: { pid: 2, startTime: '1' }, init: { pid: 3, startTime: '1' } };
/** Its init is gone, and systemd-nspawn puts away what it has made. */
const ENDING: MachineProcesses = { ...ON, init: undefined };

const target: PowerTarget = {
  ...{ name: 'demo-node1', group: 'kglab-of-no-machine', veth: 'vb-none' },
  paths: labPaths('/nonexistent', 'demo').machine('demo-node1'),
};

let clock: FakeClock;
let now: MachineProcesses;
let boots: number;
beforeEach(() => {
  clock = new FakeClock();
  boots = 0;
});

const becomes = (state: MachineProcesses, afterMs: number): void =>
  void clock.sleep(afterMs).then(() => (now = state));

/** Has it run; `boot` is what comes of it when it is booted. */
const ensureUp = (boot: () => void): Promise<void> => {
  const power = new Power(new ScriptedExecutor('host'), clock, {
    find: async () => now,
    answers: async () => true,
  });
  return power.ensureUp(
    target,
    async () => {
      boots += 1;
      now = ENDING;
      boot();
    },
    {},
  );
};

/** Lets time pass until the work is done. */
const inTime = async <T>(work: Promise<T>): Promise<T> => {
  let done = false;
  const finish = (): void => void (done = true);
  work.then(finish, finish);
  while (!done) await clock.advance(1_000);
  return work;
};

describe('a machine that is to run', () => {
  it('is booted when it is off, and waited for', async () => {
    now = OFF;
    await inTime(ensureUp(() => becomes(ON, 3_000)));
    expect([boots, now]).toEqual([1, ON]);
  });

  it('is let alone when it runs', async () => {
    now = ON;
    await inTime(ensureUp(() => undefined));
    expect(boots).toBe(0);
  });

  it('is booted when it was just being switched off from inside', async () => {
    now = ENDING;
    becomes(OFF, 200);
    await inTime(ensureUp(() => becomes(ON, 3_000)));
    expect([boots, now]).toEqual([1, ON]);
  });

  it('is let alone when it reboots', async () => {
    now = ENDING;
    becomes(OFF, 200);
    becomes(ENDING, 1_200);
    becomes(ON, 5_000);
    await inTime(ensureUp(() => undefined));
    expect([boots, now]).toEqual([0, ON]);
  });

  it('is booted once, whatever becomes of it', async () => {
    now = ENDING;
    becomes(OFF, 200);
    const ended = inTime(ensureUp(() => becomes(OFF, 200)));
    await expect(ended).rejects.toMatchObject({
      code: 'MACHINE_NOT_BOOTED',
      message: 'Machine demo-node1 stopped while it was booting.',
    });
    expect(boots).toBe(1);
  });
});
