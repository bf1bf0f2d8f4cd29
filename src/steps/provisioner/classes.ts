import { dirname } from 'node:path';
import type { KubeObject } from '../../kube/kubectl.js';
import { PROVISIONER, storageClass, type ProvisionerInput, type StrayClass } from './manifest.js';

type Input = Pick<ProvisionerInput, 'classes'>;

/** The immutable fields of a StorageClass. */
interface FixedFields {
  readonly provisioner?: string;
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
}

/** Names of the lab's classes whose immutable fields differ from the wanted ones. */
export const outdatedClasses = (found: readonly KubeObject[], { classes }: Input): readonly string[] =>
  classes
    .filter((one) => {
      const there = found.find(
        ({ kind, metadata }) => kind === 'StorageClass' && metadata.name === one.name,
      ) as FixedFields | undefined;
      const wanted = storageClass(one) as FixedFields;
      return (
        there !== undefined &&
        (there.provisioner !== wanted.provisioner ||
          there.reclaimPolicy !== wanted.reclaimPolicy ||
          there.volumeBindingMode !== wanted.volumeBindingMode)
      );
    })
    .map(({ name }) => name);

interface VolumeSpec {
  readonly storageClassName?: string;
  readonly hostPath?: { readonly path: string };
  readonly local?: { readonly path: string };
}

/** Classes that are not in lab.yaml but still have PVs of the provisioner. */
export const straysAmong = (found: readonly KubeObject[], { classes }: Input): readonly StrayClass[] => {
  const strays = new Map<string, string>();
  for (const { kind, metadata, spec } of found) {
    if (kind !== 'PersistentVolume') continue;
    if (metadata.annotations?.['pv.kubernetes.io/provisioned-by'] !== PROVISIONER) continue;
    const { storageClassName = '', hostPath, local } = (spec ?? {}) as VolumeSpec;
    const path = hostPath?.path ?? local?.path;
    if (path !== undefined && !classes.some(({ name }) => name === storageClassName))
      strays.set(storageClassName, dirname(path));
  }
  return [...strays].map(([name, path]) => ({ name, path })).sort((a, b) => (a.name < b.name ? -1 : 1));
};
