import { describe, expect, it } from 'vitest';
import { LaunchGate } from '../../../../src/providers/multipass/gate.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Five that want to pass; `inside` are those that have. */
const crowd = (gate: LaunchGate) => {
  const leaving: (() => void)[] = [];
  for (let index = 0; index < 5; index += 1) void gate.enter().then((leave) => leaving.push(leave));
  return leaving;
};

describe('LaunchGate', () => {
  it('lets the first through alone', async () => {
    const inside = crowd(new LaunchGate(3));
    await settle();
    expect(inside).toHaveLength(1);
  });

  it('lets others follow once it is open, never more than three at a time', async () => {
    const gate = new LaunchGate(3);
    const entered = crowd(gate);
    await settle();
    gate.open();
    gate.open();
    await settle();
    expect(entered).toHaveLength(3);
    entered[0]?.();
    entered[0]?.();
    await settle();
    expect(entered).toHaveLength(4);
  });

  it('goes on one by one while nobody opens it', async () => {
    const entered = crowd(new LaunchGate(3));
    await settle();
    entered[0]?.();
    await settle();
    expect(entered).toHaveLength(2);
  });
});
