import { describe, expect, it } from 'vitest';
import { claimsPath } from '../../../../src/config/roles.js';
import type { KubeObject } from '../../../../src/kube/kubectl.js';
import { outdatedClasses, straysAmong } from '../../../../src/steps/provisioner/classes.js';
import { provisionerConfig, storageClass } from '../../../../src/steps/provisioner/manifest.js';
import { labOf } from '../../../helpers/step-context.js';

const inputOf = (yaml: string) => {
  const { volumes, classes } = labOf(yaml);
  return {
    classes,
    volumes: volumes.map((volume) => ({ name: volume.name, path: volume.mount, claims: claimsPath(volume) })),
  };
};
const configOf = (yaml: string, strays: Parameters<typeof provisionerConfig>[1] = []): unknown =>
  JSON.parse(provisionerConfig(inputOf(yaml), strays));

const MOUNT = '/opt/local-path-provisioner';
const PINNED =
  'storage: {classes: [{name: a, default: true}, {name: b, mode: pinned}, {name: c, mode: dedicated}]}';

describe('config.json', () => {
  it('applies to any class when there is one volume and all classes are shared', () => {
    expect(configOf('storage: {classes: [{name: a, default: true}, {name: b}]}')).toEqual({
      sharedFileSystemPath: MOUNT,
    });
  });

  it('lists every class when one of them is not shared', () => {
    expect(configOf(PINNED)).toEqual({
      storageClassConfigs: {
        a: { sharedFileSystemPath: MOUNT },
        b: { nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [MOUNT] }] },
        c: { sharedFileSystemPath: `${MOUNT}.claims` },
      },
    });
  });

  it('lists classes that are not in lab.yaml and still have volumes', () => {
    expect(configOf(PINNED, [{ name: 'old', path: MOUNT }])).toMatchObject({
      storageClassConfigs: { old: { sharedFileSystemPath: MOUNT } },
    });
  });
});

const volume = (name: string, className: string, by = 'rancher.io/local-path'): KubeObject => ({
  kind: 'PersistentVolume',
  metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': by } },
  spec: { storageClassName: className, hostPath: { path: `${MOUNT}/${name}_a_b` } },
});

it('straysAmong returns unknown classes whose volumes this provisioner made', () => {
  const found = [
    volume('1', 'old'),
    volume('2', 'a'),
    volume('3', 'foreign', 'somebody.else'),
    volume('4', 'old'),
  ];
  expect(straysAmong(found, inputOf(PINNED))).toEqual([{ name: 'old', path: MOUNT }]);
});

describe('classes', () => {
  const [shared, , , keep, local] = inputOf(
    'storage: {classes: [{name: a, default: true}, {name: b, mode: pinned}, {name: c, mode: dedicated}, {name: d, reclaim: Retain, binding: Immediate}, {name: e, mode: pinned, volumeType: local}]}',
  ).classes;

  it('have the labels, annotations and fields of lab.yaml', () => {
    expect(keep && storageClass(keep)).toMatchObject({
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'Immediate',
    });
    expect(local && storageClass(local)).toMatchObject({
      metadata: { annotations: { defaultVolumeType: 'local' } },
    });
    expect(JSON.stringify(shared && storageClass(shared))).not.toContain('defaultVolumeType');
  });

  it('are outdated when an immutable field differs', () => {
    const input = inputOf('');
    const made = storageClass(input.classes[0] as never) as Record<string, unknown>;
    const found = (over: object): KubeObject[] => [{ ...made, ...over } as unknown as KubeObject];
    expect(outdatedClasses(found({}), input)).toEqual([]);
    expect(outdatedClasses(found({ reclaimPolicy: 'Retain' }), input)).toEqual(['local-path']);
    expect(outdatedClasses(found({ volumeBindingMode: 'Immediate' }), input)).toEqual(['local-path']);
    expect(outdatedClasses([], input)).toEqual([]);
  });
});
