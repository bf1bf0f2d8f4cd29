import { describe, expect, it } from 'vitest';
import { checkVersion, compareVersions, isVersion } from '../../../src/artifacts/release-names.js';
import { offlineWay } from '../../../src/artifacts/published-release.js';

describe('compareVersions', () => {
  it('orders by version, candidates before the release, then by build', () => {
    const ordered = [
      'v1.9.12+k3s1',
      'v1.20.2+k3s1',
      'v1.36.2-alpha1+k3s1',
      'v1.36.2-rc2+k3s1',
      'v1.36.2-rc10+k3s1',
      'v1.36.2+k3s1',
      'v1.36.2+k3s2',
      'v1.36.2+k3s10',
      'v1.36.10+k3s1',
    ];
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
    expect(compareVersions('v1.36.2+k3s1', 'v1.36.2+k3s1')).toBe(0);
  });
});

describe('checkVersion', () => {
  it.each(['1.36.2+k3s1', 'v1.36.2', 'v1.36+k3s1', '../v1.36.2+k3s1', 'v1.36.2+k3s1/..', 'latest', ''])(
    'refuses %j',
    (text) => {
      expect(isVersion(text)).toBe(false);
      expect(() => checkVersion(text)).toThrowError(expect.objectContaining({ code: 'USAGE' }) as Error);
    },
  );
});

describe('offlineWay', () => {
  it.each([
    ['v1.20.8+k3s1', 'amd64', 'v1.20.8%2Bk3s1/k3s-airgap-images-amd64.tar\n'],
    ['v1.21.0+k3s1', 'arm64', 'v1.21.0%2Bk3s1/k3s-airgap-images-arm64.tar.zst\n'],
    ['v1.36.2+k3s1', 'amd64', 'v1.36.2%2Bk3s1/k3s-airgap-images-amd64.tar.zst\n'],
  ] as const)('uses the published bundle of %s', (version, arch, file) => {
    expect(offlineWay(version, arch)).toContain(file);
  });
});
