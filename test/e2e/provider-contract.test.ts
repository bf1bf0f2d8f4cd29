import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { HostExecutor } from '../../src/exec/host-executor.js';
import { NspawnProvider } from '../../src/providers/nspawn/provider.js';
import { systemClock } from '../../src/util/clock.js';
import { cacheHome } from './support/cache-home.js';
import { providerContract } from '../contract/provider.contract.js';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('the provider contract on real machines (skipped without root)', () => {
  providerContract('nspawn provider', async () => {
    const lab = { name: `con${randomBytes(2).toString('hex')}`, id: randomBytes(6).toString('hex') };
    const dataDir = await mkdtemp(join(tmpdir(), 'kglab-contract-'));
    const provider = (): NspawnProvider =>
      new NspawnProvider({
        ...{ lab, dataDir, host: new HostExecutor(), clock: systemClock, image: 'default' },
        cacheDir: join(cacheHome, 'kglab/images'),
        machines: ['one', 'two', 'three'].map((node) => `${lab.name}-${node}`),
        network: { subnet: undefined, internet: 'off' },
      });
    return {
      ...{ lab, provider, clock: systemClock },
      clear: async () => {
        for (const { name } of await provider().list()) await provider().remove(name);
        await provider().foundation.remove();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  });
});
