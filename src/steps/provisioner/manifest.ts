import { stringify } from 'yaml';
import type { ClassConfig } from '../../config/config.js';
import type { Templates } from '../../engine/context.js';
import { shortSum } from '../../util/checksum.js';
import { fill } from '../../util/template.js';
import { guestProgram } from '../../guest/script.js';

/** What to deploy, and from which machine. */
export interface ProvisionerInput {
  readonly server: string;
  readonly namespace: string;
  /** The volumes, where nodes mount them (`path`) and where nodes mount dedicated volumes (`claims`). */
  readonly volumes: readonly {
    readonly name: string;
    readonly path: string;
    readonly claims: string;
  }[];
  readonly classes: readonly ClassConfig[];
}

/** Image references. */
export interface Images {
  readonly provisioner: string;
  readonly helper: string;
}

/** The provisioner's name in storage classes, fixed by local-path-provisioner. */
export const PROVISIONER = 'rancher.io/local-path';
/** Annotation of the default class. */
export const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Annotation of the deployment with the checksum of its manifest. */
export const MANIFEST_SUM = 'kglab/manifest';

/** A class with PVs that is not in lab.yaml: the provisioner must still be able to delete the PVs. */
export interface StrayClass {
  readonly name: string;
  /** Directory that holds its PVs. */
  readonly path: string;
}

/** The provisioner's key for all nodes. */
const EVERY_NODE = 'DEFAULT_PATH_FOR_NON_LISTED_NODES';

const placeOf = (
  { volumes }: Pick<ProvisionerInput, 'volumes'>,
  { name, mode, volume }: ClassConfig,
): object => {
  const found = volumes.find((candidate) => candidate.name === volume);
  if (found === undefined) throw new Error(`class ${name} names the unknown volume ${volume}`);
  if (mode === 'pinned') return { nodePathMap: [{ node: EVERY_NODE, paths: [found.path] }] };
  return { sharedFileSystemPath: mode === 'dedicated' ? found.claims : found.path };
};

/**
 * config.json of the provisioner. With one volume and only shared classes it applies to any class. Otherwise
 * storageClassConfigs must list every class, also those that are no longer in lab.yaml but still have PVs.
 */
export const provisionerConfig = (
  input: Pick<ProvisionerInput, 'volumes' | 'classes'>,
  strays: readonly StrayClass[] = [],
): string => {
  const [only, ...more] = input.volumes;
  const isPlain = more.length === 0 && input.classes.every(({ mode }) => mode === 'shared');
  if (only !== undefined && isPlain) return JSON.stringify({ sharedFileSystemPath: only.path });
  const entries = [
    ...strays.map(({ name, path }) => [name, { sharedFileSystemPath: path }]),
    ...input.classes.map((one) => [one.name, placeOf(input, one)]),
  ];
  return JSON.stringify({ storageClassConfigs: Object.fromEntries(entries) });
};

/**
 * The StorageClass object. PVs of a shared class have no node affinity, because every node mounts the same file
 * system; the mode itself is in the provisioner's configuration.
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

/** The text indented by four spaces, for a YAML block. */
const inBlock = (text: string): string => text.trimEnd().replaceAll('\n', '\n    ');

/** The manifest to apply, and its checksum. */
export const renderProvisioner = (
  templates: Templates,
  input: Omit<ProvisionerInput, 'server'>,
  images: Images,
  strays: readonly StrayClass[] = [],
): { manifest: string; sum: string } => {
  const config = provisionerConfig(input, strays);
  const base = fill(templates['local-path-provisioner.yaml'] ?? '', {
    namespace: input.namespace,
    image: images.provisioner,
    helperImage: images.helper,
    config,
    setup: inBlock(guestProgram('provisioner-setup.sh')),
    teardown: inBlock(guestProgram('provisioner-teardown.sh')),
    configSum: shortSum(config + images.helper),
  });
  const classes = input.classes.map((one) => stringify(storageClass(one), { lineWidth: 0 }));
  const manifest = [base.trimEnd(), ...classes.map((text) => text.trimEnd())].join('\n---\n');
  return { manifest: `${manifest}\n`, sum: shortSum(manifest) };
};
