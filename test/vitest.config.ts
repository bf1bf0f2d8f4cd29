import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Some run kglab five times; on a host that is busy with other things, each may take 5 s. */
const UNIT_TIMEOUT_MS = 60_000;
/** Making real machines and booting k3s takes minutes on a small host. */
const E2E_TIMEOUT_MS = 10 * 60_000;

const common = { environment: 'node', mockReset: true, restoreMocks: true, unstubEnvs: true } as const;

/** Loads the scripts for machines as texts, as the build does. */
const shellTexts = {
  name: 'shell-texts',
  transform: (text: string, id: string) =>
    id.endsWith('.sh') ? { code: `export default ${JSON.stringify(text)}`, map: null } : undefined,
} as const;

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    projects: [
      {
        plugins: [shellTexts],
        test: {
          ...common,
          name: 'unit',
          include: ['test/{unit,golden,contract,pipeline,cli}/**/*.test.ts'],
          globalSetup: ['test/cli/build-kglab.ts'],
          testTimeout: UNIT_TIMEOUT_MS,
          // A test that asserts nothing fails.
          expect: { requireAssertions: true },
        },
      },
      {
        plugins: [shellTexts],
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/support/setup.ts'],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          retry: 0,
          // One file at a time: they share the host's bridges, mounts and memory.
          pool: 'forks',
          poolOptions: { forks: { singleFork: true } },
        },
      },
    ],
  },
});
