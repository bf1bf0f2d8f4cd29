import type { Machine, MachineSpec } from '../../../src/machines/provider.js';
import { SimulatorProvider, type SimulatorOptions } from '../../../src/simulator/provider.js';
import { SimClock } from '../../../src/simulator/sim-clock.js';
import { MemoryStore } from '../../../src/simulator/world-store.js';
import { whenIdle } from '../../../src/util/clock.js';

export const USER_DATA = `#cloud-config
hostname: demo-one
packages: [glusterfs-server]
write_files: [{ path: /etc/kglab/machine, content: ours }]
`;

export const specOf = (name: string): MachineSpec => ({
  ...{ name, cpus: 1, memoryMiB: 1024, diskGiB: 8, userData: USER_DATA },
});

/** A new simulator; `change` overrides its options. */
export const simulator = (change: Partial<SimulatorOptions> = {}): SimulatorProvider =>
  new SimulatorProvider({
    lab: { name: 'demo', id: 'f00dfeed' },
    clock: new SimClock(0, whenIdle),
    store: new MemoryStore(),
    ...change,
  });

/** A machine that has booted. */
export const simMachine = async (provider = simulator(), name = 'demo-one'): Promise<Machine> => {
  await provider.foundation.prepare();
  await provider.create(specOf(name));
  await provider.clock.sleep(60_000);
  return provider.machine(name);
};
