import type { Claim, ClusterVolumes, PersistentVolume, PodUse } from '../../../src/volumes/cluster.js';
import type { Directory, Surveyed } from '../../../src/volumes/survey.js';

export const MOUNT = '/opt/local-path-provisioner';

/** A uid that ends in a given digit. */
export const uid = (digit: number): string => `68b86097-0c50-4bf6-baf0-0f987cc6998${digit}`;

export const pvName = (digit: number): string => `pvc-${uid(digit)}`;

export const directoryName = (digit: number, claim = `c${digit}`): string =>
  `${pvName(digit)}_default_${claim}`;

export const directory = (name: string, over: Partial<Directory> = {}): Directory => ({
  name,
  path: `${MOUNT}/${name}`,
  bytes: 0,
  dedicated: false,
  ...over,
});

export const surveyed = (directories: readonly Directory[], over: Partial<Surveyed> = {}): Surveyed => ({
  volume: 'gv0',
  mount: MOUNT,
  claims: `${MOUNT}.claims`,
  mounted: true,
  directories,
  others: [],
  entries: [],
  quarantine: [],
  ...over,
});

export const pv = (digit: number, over: Partial<PersistentVolume> = {}): PersistentVolume => ({
  name: pvName(digit),
  path: `${MOUNT}/${directoryName(digit)}`,
  class: 'local-path',
  phase: 'Bound',
  capacity: '16Mi',
  accessModes: ['ReadWriteMany'],
  reclaim: 'Delete',
  claim: `default/c${digit}`,
  node: undefined,
  ...over,
});

export const claimOf = (digit: number, over: Partial<Claim> = {}): Claim => ({
  id: `default/c${digit}`,
  namespace: 'default',
  name: `c${digit}`,
  class: 'local-path',
  phase: 'Bound',
  volumeName: pvName(digit),
  accessModes: ['ReadWriteMany'],
  annotations: {},
  ...over,
});

export const cluster = (
  volumes: readonly PersistentVolume[] = [],
  claims: readonly Claim[] = [],
  pods: Readonly<Record<string, readonly PodUse[]>> = {},
): ClusterVolumes => ({ volumes, claims, pods: new Map(Object.entries(pods)) });
