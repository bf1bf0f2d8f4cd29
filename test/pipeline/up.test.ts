import { describe, expect, it } from 'vitest';
import { SimLab } from '../helpers/sim-lab.js';

const LAB = 'name: demo\nprovider: simulator\n';

describe('up on simulated machines', () => {
  it('creates a lab, changes nothing the second time, and down leaves nothing', async () => {
    const lab = new SimLab(LAB);
    const first = await lab.up();
    expect(first.error).toBeUndefined();
    expect(Object.values(first.outcomes)).not.toContain('failed');
    expect(await lab.up()).toMatchObject({ error: undefined, changed: 0, because: {} });
    await lab.down();
    expect(lab.remains).toEqual([]);
  });

  it('takes minutes of virtual time and little real time', async () => {
    const lab = new SimLab(LAB);
    const start = performance.now();
    const { virtualMs } = await lab.up();
    expect(virtualMs).toBeGreaterThan(60_000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('fails in the smoke test when a node cannot read what the pod wrote', async () => {
    const lab = new SimLab(LAB);
    const { outcomes, error } = await lab.up({
      fault: ({ step, phase, command }) =>
        step === 'smoke.run' && phase === 'apply' && command?.file === 'cat' ? { kind: 'fail' } : undefined,
    });
    expect(outcomes['smoke.run']).toBe('failed');
    const failed = { code: 'SMOKE_FAILED' };
    expect(error).toMatchObject({ errors: [failed, failed, failed] });
  });
});
