import { expect, it } from 'vitest';
import { offlineWay } from '../../../src/artifacts/offline-way.js';

it.each([
  ['v1.20.8+k3s1', 'amd64', 'v1.20.8%2Bk3s1/k3s-airgap-images-amd64.tar\n'],
  ['v1.21.0+k3s1', 'arm64', 'v1.21.0%2Bk3s1/k3s-airgap-images-arm64.tar.zst\n'],
  ['v1.36.2+k3s1', 'amd64', 'v1.36.2%2Bk3s1/k3s-airgap-images-amd64.tar.zst\n'],
] as const)('names the bundle that %s was published with', (version, arch, file) => {
  expect(offlineWay(version, arch)).toContain(file);
});
