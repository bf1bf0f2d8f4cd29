import { expect, test } from 'vitest';
import { claimManifest, volumeManifest } from '../../../src/volumes/manifests.js';

const ENTRY = {
  pv: 'pvc-1',
  path: '/m/pvc-1_a_b',
  namespace: 'a',
  claim: 'b',
  capacity: '1Gi',
  accessModes: ['ReadWriteMany'],
  class: 'local-path',
  volumeMode: 'Filesystem',
  volumeType: 'hostPath',
  node: undefined,
} as const;

test('a restored volume is kept, stands on a directory that must be there, and is meant for one claim alone', () => {
  const { spec } = volumeManifest(ENTRY) as { spec: Record<string, unknown> };
  expect(spec).toMatchObject({
    persistentVolumeReclaimPolicy: 'Retain',
    hostPath: { path: '/m/pvc-1_a_b', type: 'Directory' },
  });
  // With a uid, only the claim that is gone would fit; without a reference, any claim.
  expect(spec['claimRef']).toEqual({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: 'a',
    name: 'b',
  });
  expect(spec['nodeAffinity']).toBeUndefined();
});

test('one that was pinned is pinned again', () => {
  const { spec } = volumeManifest({ ...ENTRY, node: 'n2', volumeType: 'local' }) as {
    spec: Record<string, unknown>;
  };
  expect(spec['local']).toEqual({ path: '/m/pvc-1_a_b' });
  expect(spec['hostPath']).toBeUndefined();
  expect(JSON.stringify(spec['nodeAffinity'])).toContain('"values":["n2"]');
});

test('the claim asks for that volume by name', () => {
  expect(claimManifest(ENTRY)).toMatchObject({
    metadata: { name: 'b', namespace: 'a' },
    spec: {
      volumeName: 'pvc-1',
      storageClassName: 'local-path',
      resources: { requests: { storage: '1Gi' } },
    },
  });
});

test('the claim asks for what it asked for, however large its volume is', () => {
  const sized = { ...ENTRY, request: '500Mi' };
  expect(claimManifest(sized)).toMatchObject({ spec: { resources: { requests: { storage: '500Mi' } } } });
  expect(volumeManifest(sized)).toMatchObject({ spec: { capacity: { storage: '1Gi' } } });
});
