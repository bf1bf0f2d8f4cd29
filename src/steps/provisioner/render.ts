import { stringify } from 'yaml';
import type { ClassConfig } from '../../config/config.js';
import type { Templates } from '../../engine/context.js';
import type { StepInputs } from '../../engine/step.js';
import { shortSum } from '../../util/checksum.js';
import { fill } from '../../util/template.js';
import { provisionerConfig, type StrayClass } from './settings.js';

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

/**
 * A class. Volumes of a shared one have no node affinity, since every node mounts the same file system; the mode
 * itself is the provisioner's configuration.
 */
export const storageClass = ({
  name,
  default: isDefault,
  reclaim,
  volume,
  mode,
  volumeType,
  binding,
}: ClassConfig): object => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name,
    labels: { 'app.kubernetes.io/managed-by': 'kglab' },
    annotations: {
      [DEFAULT_CLASS]: String(isDefault),
      'kglab/volume': volume,
      'kglab/mode': mode,
      ...(volumeType === 'local' && { defaultVolumeType: 'local' }),
    },
  },
  provisioner: PROVISIONER,
  reclaimPolicy: reclaim,
  volumeBindingMode: binding,
});

/** Lines of a YAML block that stands four spaces deep. */
const inBlock = (text: string): string => text.trimEnd().replaceAll('\n', '\n    ');

/** Everything to be applied, and its checksum. */
export const renderProvisioner = (
  templates: Templates,
  input: Input,
  images: Images,
  strays: readonly StrayClass[] = [],
): { manifest: string; sum: string } => {
  const config = provisionerConfig(input, strays);
  const base = fill(templates['local-path-provisioner.yaml'] ?? '', {
    namespace: input.namespace,
    image: images.provisioner,
    helperImage: images.helper,
    config,
    setup: inBlock(templates['volume-setup'] ?? ''),
    teardown: inBlock(templates['volume-teardown'] ?? ''),
    configSum: shortSum(config + images.helper),
  });
  const classes = input.classes.map((one) => stringify(storageClass(one), { lineWidth: 0 }));
  const manifest = [base.trimEnd(), ...classes.map((text) => text.trimEnd())].join('\n---\n');
  return { manifest: `${manifest}\n`, sum: shortSum(manifest) };
};
