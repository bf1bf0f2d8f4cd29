import { stringify } from 'yaml';
import type { ClassConfig } from '../../config/config.js';
import type { StepInputs } from '../../plan/step.js';
import { shortSum } from '../../util/checksum.js';
import { fill } from '../../util/template.js';

type Input = Pick<StepInputs['provisioner.apply'], 'namespace' | 'volumes' | 'classes'>;

export interface Images {
  readonly provisioner: string;
  readonly helper: string;
}

/** The provisioner's name in storage classes, fixed by local-path-provisioner. */
export const PROVISIONER = 'rancher.io/local-path';
/** Annotation that makes a class the default. */
export const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Annotation with the checksum of the manifest that an object came from. */
export const MANIFEST_SUM = 'kglab/manifest';

const pathOf = ({ volumes }: Input, { name, volume }: ClassConfig): string => {
  const found = volumes.find((candidate) => candidate.name === volume);
  if (found === undefined) throw new Error(`class ${name} names the unknown volume ${volume}`);
  return found.path;
};

/**
 * config.json of the provisioner. With one volume its path serves every class; with several each class is listed, as
 * storageClassConfigs then has to name all of them.
 */
export const provisionerConfig = (input: Input): string => {
  const [only, ...more] = input.volumes;
  if (only !== undefined && more.length === 0) return JSON.stringify({ sharedFileSystemPath: only.path });
  const entries = input.classes.map((one) => [one.name, { sharedFileSystemPath: pathOf(input, one) }]);
  return JSON.stringify({ storageClassConfigs: Object.fromEntries(entries) });
};

/** A class; its volumes have no node affinity, since every node mounts the same file system. */
export const storageClass = ({ name, default: isDefault, reclaim, volume }: ClassConfig): object => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name,
    labels: { 'app.kubernetes.io/managed-by': 'kglab' },
    annotations: { [DEFAULT_CLASS]: String(isDefault), 'kglab/volume': volume },
  },
  provisioner: PROVISIONER,
  reclaimPolicy: reclaim,
  volumeBindingMode: 'WaitForFirstConsumer',
});

/** Everything to be applied, and its checksum. */
export const renderProvisioner = (
  template: string,
  input: Input,
  images: Images,
): { manifest: string; sum: string } => {
  const config = provisionerConfig(input);
  const base = fill(template, {
    namespace: input.namespace,
    image: images.provisioner,
    helperImage: images.helper,
    config,
    configSum: shortSum(config + images.helper),
  });
  const classes = input.classes.map((one) => stringify(storageClass(one), { lineWidth: 0 }));
  const manifest = [base.trimEnd(), ...classes.map((text) => text.trimEnd())].join('\n---\n');
  return { manifest: `${manifest}\n`, sum: shortSum(manifest) };
};
