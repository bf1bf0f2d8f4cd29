import * as z from 'zod';
import { PROVIDER_IDS } from '../providers/registry.js';
import { directory } from './directories.js';
import { k3sFlags } from './option-fields.js';
import { shown } from './problem.js';
import { reclaim, storageClass, volume, volumeShape } from './storage-fields.js';
import {
  imageReference,
  k3sVersion,
  label,
  labName,
  matching,
  objectName,
  subnet,
  volumeName,
} from './text-fields.js';
import { duration, size } from './units.js';

/** Most nodes of a lab: they fit into one /24 network. */
const NODES_MAX = 200;
/** With less memory, systemd, glusterd and k3s do not run together. */
const MEMORY_MIN_MIB = 512;
/** The base system, packages and k3s images need most of this. */
const DISK_MIN_MIB = 3 * 1024;

const cpus = () => z.int().min(1).max(64);
const memory = () => size(MEMORY_MIN_MIB);
const disk = () => size(DISK_MIN_MIB);

const CPUS = 'Number of CPUs of a machine.';
const MEMORY = 'Memory of a machine, e.g. 2GiB or 512MiB.';
const DISK = 'Disk size of a machine, e.g. 10GiB; rounded up to whole GiB.';

const node = z.strictObject({
  name: label().describe('Short name; the machine is named <lab>-<name>.'),
  roles: z
    .array(z.enum(['server', 'agent', 'storage']))
    .min(1, { error: 'must not be empty (add a role, or remove the key)' })
    .optional()
    .describe(
      'server: the k3s server. agent: a k3s agent. storage: holds bricks. Default: the first node is the server, the others are agents, and all hold bricks.',
    ),
  cpus: cpus().optional().describe(CPUS),
  memory: memory().optional().describe(MEMORY),
  disk: disk().optional().describe(DISK),
});

const machine = z.strictObject({
  cpus: cpus().default(2).describe(CPUS),
  memory: memory().prefault('2GiB').describe(MEMORY),
  disk: disk().prefault('10GiB').describe(DISK),
});

const gluster = z.strictObject({
  volume: volumeName().default('gv0').describe('Name of the volume.'),
  brick: directory().default('/data/brick').describe('Directory for bricks; a brick is <brick>/<volume>.'),
  ...volumeShape(),
  volumes: z
    .array(volume)
    .max(20)
    .default([])
    .describe(
      'Several volumes; replaces the keys volume, type, replica, disperse, redundancy, profile, quota and options.',
    ),
});

/** Components of k3s that can be disabled. */
const component = z.enum(['coredns', 'servicelb', 'traefik', 'local-storage', 'metrics-server', 'runtimes']);

const k3s = z.strictObject({
  version: k3sVersion()
    .default('default')
    .describe('Release tag, e.g. v1.33.4+k3s1. default: chosen by kglab.'),
  disable: z
    .array(component)
    .default(['traefik', 'servicelb', 'metrics-server'])
    .describe('Components to disable; local-storage is always disabled.'),
  server: k3sFlags().default({}).describe('Additional keys of config.yaml for the server.'),
  agent: k3sFlags().default({}).describe('Additional keys of config.yaml for agents.'),
  artifacts: matching(/^[^~].*$/, 'the path of a directory', () => 'write the full path, ~ is not expanded')
    .optional()
    .describe('Directory with k3s release files, relative to the lab file; kglab then downloads nothing.'),
});

const provisioner = z.strictObject({
  image: imageReference().optional().describe('Image of the local-path-provisioner.'),
  helperImage: imageReference().optional().describe('Image of the pods that create and remove directories.'),
  namespace: label().default('local-path-storage').describe('Namespace of the provisioner.'),
});

const storage = z.strictObject({
  path: directory()
    .default('/opt/local-path-provisioner')
    .describe('Mount point of the first volume on the Kubernetes nodes.'),
  class: objectName().default('local-path').describe('Name of the StorageClass.'),
  reclaim: reclaim(),
  classes: z
    .array(storageClass)
    .max(20)
    .default([])
    .describe('Several StorageClasses; replaces the keys class and reclaim.'),
  provisioner: provisioner.prefault({}).describe("Rancher's local-path-provisioner."),
});

const smoke = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether `up` runs the smoke test.'),
  image: imageReference().optional().describe('Image of the test pods.'),
  namespace: label()
    .refine((name) => name !== 'default' && !name.startsWith('kube-'), {
      error: 'must not be a system namespace, because it is removed after the test (e.g. kglab-smoke)',
    })
    .default('kglab-smoke')
    .describe('Namespace of the smoke test; removed after the test.'),
  timeout: duration(1, 3600).prefault('180s').describe('Time limit of the smoke test, e.g. 90s or 3m.'),
});

const network = z.strictObject({
  subnet: subnet()
    .optional()
    .describe('Private IPv4 range of the lab, /16 to /28, e.g. 10.77.0.0/24. Default: chosen by kglab.'),
  internet: z
    .union([z.enum(['auto', 'on', 'off']), z.boolean()])
    .default('auto')
    .transform((value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : value))
    .describe('Whether machines have internet access through the host. auto: if the host has it.'),
});

/** The schema of lab files: the source of their type, validation, defaults and JSON Schema. */
export const labSchema = z
  .strictObject({
    name: labName().default('kglab').describe('Name of the lab; machines are named <lab>-<node>.'),
    provider: z
      .enum(['auto', ...PROVIDER_IDS])
      .default('auto')
      .describe('What creates the machines. auto: the first provider that fits the host.'),
    image: matching(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'the name of an image', () => 'e.g. default')
      .default('default')
      .describe('Image of the machines: a release name. default: chosen by the provider.'),
    nodes: z
      .union([z.int().min(1).max(NODES_MAX), z.array(node).min(1).max(NODES_MAX)], {
        error: ({ input }) =>
          `must be a whole number (1 to ${NODES_MAX}) or a list of nodes, not ${shown(input)}`,
      })
      .default(3)
      .describe('Number of nodes, or a list of nodes.'),
    machine: machine.prefault({}).describe('Default size of machines.'),
    gluster: gluster.prefault({}).describe('The Gluster volumes.'),
    k3s: k3s.prefault({}).describe('The k3s cluster.'),
    storage: storage.prefault({}).describe('Mount points, StorageClasses and provisioner.'),
    smoke: smoke
      .prefault({})
      .describe('The smoke test: a pod writes a file, and every node and a second pod read it back.'),
    network: network.prefault({}).describe('The network of the machines.'),
  })
  .describe('A lab of kglab.');

/** A lab file with the defaults of all fields, but names, roles and bricks not yet resolved. */
export type RawLab = z.output<typeof labSchema>;

type Json = Readonly<Record<string, unknown>>;

const orNull = ({ description, default: preset, ...form }: Json): Json => ({
  ...(description !== undefined && { description }),
  ...(preset !== undefined && { default: preset }),
  anyOf: [...((form['anyOf'] as readonly Json[] | undefined) ?? [form]), { type: 'null' }],
});

/** A key without a value counts as absent, so the schema for editors must allow null. */
const allowEmptyKeys = (schema: Json): Json => {
  const { properties, required = [], items, anyOf } = schema;
  const keys = required as readonly string[];
  const entries = Object.entries((properties ?? {}) as Readonly<Record<string, Json>>).map(
    ([key, property]) => {
      const inner = allowEmptyKeys(property);
      return [key, keys.includes(key) ? inner : orNull(inner)];
    },
  );
  return {
    ...schema,
    ...(properties !== undefined && { properties: Object.fromEntries(entries) as Json }),
    ...(items !== undefined && { items: allowEmptyKeys(items as Json) }),
    ...(anyOf !== undefined && { anyOf: (anyOf as readonly Json[]).map(allowEmptyKeys) }),
  };
};

/** The JSON Schema of lab files for editors (draft 7, which most editors support), derived from {@link labSchema}. */
export const labJsonSchema = (): Json => ({
  ...allowEmptyKeys(z.toJSONSchema(labSchema, { io: 'input', target: 'draft-7' })),
  title: 'kglab lab file',
});
