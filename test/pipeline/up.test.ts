import { describe, expect, it } from 'vitest';
import { SimLab } from '../helpers/sim-lab.js';

const LAB = 'name: demo\nprovider: simulator\n';

describe('up on simulated machines', () => {
  it('makes a lab, finds nothing to do the second time, and leaves nothing', async () => {
    const lab = new SimLab(LAB);
    const first = await lab.up();
    expect(first.error).toBeUndefined();
    expect(Object.values(first.outcomes)).not.toContain('failed');
    expect(await lab.up()).toMatchObject({ error: undefined, changed: 0, because: {} });
    await lab.down();
    expect(lab.remains).toEqual([]);
  });

  it('takes minutes of virtual time and hardly any of the real one', async () => {
    const lab = new SimLab(LAB);
    const start = performance.now();
    const { virtualMs } = await lab.up();
    expect(virtualMs).toBeGreaterThan(60_000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('proves that the volume carries what pods write: not without a provisioner, a class or a mount', async () => {
    const lab = new SimLab(LAB);
    const { outcomes } = await lab.up({
      fault: ({ step, phase, command }) =>
        step === 'smoke.run' && phase === 'apply' && command?.file === 'cat' ? { kind: 'fail' } : undefined,
    });
    expect(outcomes['smoke.run']).toBe('failed');
  });
});
