import { SimClock } from '../../src/simulator/sim-clock.js';
import { SimulatorProvider } from '../../src/simulator/provider.js';
import { MemoryStore } from '../../src/simulator/world-store.js';
import { whenIdle } from '../../src/util/clock.js';
import { providerContract } from './provider.contract.js';

providerContract('the simulator is a provider', () => {
  const lab = { name: 'contract', id: 'f00dfeed' };
  const clock = new SimClock(Date.UTC(2026, 0, 1), whenIdle);
  const store = new MemoryStore();
  return Promise.resolve({
    ...{ lab, clock },
    provider: () => new SimulatorProvider({ lab, clock, store }),
    clear: () => store.remove(),
  });
});
