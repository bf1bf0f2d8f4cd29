import { describe, expect, it } from 'vitest';
import { glusterSize } from '../../../src/volumes/limit.js';
import {
  bytesOf,
  createStatic,
  staticEntry,
  staticManifest,
  type StaticVolume,
} from '../../../src/volumes/static.js';
import { labOf, Stage } from '../../helpers/step-context.js';

const LAB = labOf('gluster: {volumes: [{name: gv0}, {name: fast, mount: /mnt/fast}]}');
const WANTED: StaticVolume = {
  name: 'app-pvolume',
  claim: 'web/app-pvclaim',
  capacity: '5Gi',
  class: 'manual',
  accessMode: 'ReadWriteMany',
  directory: undefined,
  volume: undefined,
};
const entryOf = (over: Partial<StaticVolume> = {}) => staticEntry({ ...WANTED, ...over }, LAB);

it('uses a directory of its name on the first volume', () => {
  expect(entryOf()).toMatchObject({
    pv: 'app-pvolume',
    path: '/opt/local-path-provisioner/app-pvolume',
    namespace: 'web',
    claim: 'app-pvclaim',
  });
  expect(entryOf({ claim: 'x' }).namespace).toBe('default');
  expect(entryOf({ volume: 'fast', directory: 'Shared_1' }).path).toBe('/mnt/fast/Shared_1');
});

it.each<[string, Partial<StaticVolume>, RegExp]>([
  ['an odd claim', { claim: 'web/App Claim' }, /A claim cannot be called "App Claim"/],
  ['too many slashes', { claim: 'a/b/c' }, /a\/b\/c is not NAMESPACE\/CLAIM/],
  ['an odd name', { name: 'a_b' }, /A PV cannot be called "a_b"/],
  ['a size without sense', { capacity: 'much' }, /"much" is not a size/],
  ['a volume that is not there', { volume: 'gv9' }, /no Gluster volume gv9/],
  ['a class that provisions', { class: 'local-path' }, /Class local-path has a provisioner/],
  ['a directory that climbs', { directory: '../x' }, /A directory cannot be called/],
  ['a hidden directory', { directory: '.kglab' }, /A directory cannot be called/],
])('refuses %s', (_what, over, message) => {
  expect(() => entryOf(over)).toThrow(message);
});

it('prints manifests that kubectl takes', () => {
  const { items } = JSON.parse(staticManifest(entryOf())) as { items: { kind: string }[] };
  expect(items.map(({ kind }) => kind)).toEqual(['PersistentVolume', 'PersistentVolumeClaim']);
});

describe('on a volume with quota', () => {
  const made = async (quota: boolean): Promise<readonly string[]> => {
    const lab = labOf(`gluster: {volumes: [{name: gv0, quota: ${quota}}]}`);
    const stage = new Stage();
    const bound = {
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'app-pvclaim', namespace: 'web' },
      spec: { volumeName: 'app-pvolume' },
      status: { phase: 'Bound' },
    };
    const none = '{"kind":"List","items":[]}';
    stage
      .on('g1')
      .on(/kubectl get namespace/, none)
      .on(/kubectl get persistentvolumes/, none, none, JSON.stringify({ kind: 'List', items: [bound] }))
      .on(/kubectl (apply|create)/)
      .on(/^sh (create_directory|request) /);
    const desk = { context: stage.context(), server: 'g1', gluster: 'g1' };
    await createStatic(staticEntry(WANTED, lab), lab, desk);
    return stage.calls
      .filter(({ command }) => command.args.includes('limit'))
      .map(({ command }) => command.args.slice(3).join(' '));
  };

  it('sets the quota of a static PV before the PV exists', async () => {
    expect(await made(true)).toEqual(['/opt/local-path-provisioner limit app-pvolume 5368709120']);
    expect(await made(false)).toEqual([]);
  });

  it.each([
    ['5Gi', 5_368_709_120],
    ['2M', 2_000_000],
    ['7', 7],
  ])('%s are %d bytes', (text, bytes) => {
    expect(bytesOf(text)).toBe(bytes);
  });
});

describe('glusterSize', () => {
  it.each([
    ['512Mi', '512MB'],
    ['5Gi', '5GB'],
    ['1048576', '1048576'],
  ])('%s is %s', (text, size) => {
    expect(glusterSize(text)).toBe(size);
  });

  it.each(['', '0', '-1Gi', '5 GB', '1.5Gi', 'Gi'])('refuses %j', (text) => {
    expect(() => glusterSize(text)).toThrow(/is not a size/);
  });
});
