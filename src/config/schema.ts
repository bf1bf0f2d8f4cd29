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

/** Most nodes of a lab: the names of one /24 bridge network with room to spare. */
const NODES_MAX = 200;
/** Below this systemd, glusterd and k3s do not fit together. */
const MEMORY_MIN_MIB = 512;
/** Base system, packages and the k3s images take most of this. */
const DISK_MIN_MIB = 3 * 1024;

const cpus = () => z.int().min(1).max(64);
const memory = () => size(MEMORY_MIN_MIB);
const disk = () => size(DISK_MIN_MIB);

const CPUS = 'Processors of a machine.';
const MEMORY = 'Memory of a machine, e.g. 2GiB or 512MiB.';
const DISK = 'Disk of a machine, e.g. 10GiB, rounded up to whole GiB.';

const node = z.strictObject({
  name: label().describe('Short name; the machine is called <lab>-<name>.'),
  roles: z
    .array(z.enum(['server', 'agent', 'storage']))
    .min(1, { error: 'must name a role, or be left out' })
    .optional()
    .describe('server or agent run k3s, storage carries bricks. Default: the first node is the server.'),
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
  volume: volumeName().default('gv0').describe('Name of the only volume.'),
  brick: directory().default('/data/brick').describe('Bricks lie in <brick>/<volume>.'),
  ...volumeShape(),
  volumes: z
    .array(volume)
    .max(20)
    .default([])
    .describe('Several volumes, instead of volume, type, replica, options and so on.'),
});

/** Components that k3s brings along and can leave out. */
const component = z.enum(['coredns', 'servicelb', 'traefik', 'local-storage', 'metrics-server', 'runtimes']);

const k3s = z.strictObject({
  version: k3sVersion().default('default').describe('Release tag, e.g. v1.33.4+k3s1, or default.'),
  disable: z
    .array(component)
    .default(['traefik', 'servicelb', 'metrics-server'])
    .describe('Components to leave out; local-storage always is.'),
  server: k3sFlags().default({}).describe('Further keys of config.yaml for the server.'),
  agent: k3sFlags().default({}).describe('Further keys of config.yaml for agents.'),
  artifacts: matching(/^[^~].*$/, 'the path of a folder, written out')
    .optional()
    .describe('Folder with k3s release files, relative to the lab file: nothing is downloaded then.'),
});

const provisioner = z.strictObject({
  image: imageReference().optional().describe('Image of the local-path-provisioner.'),
  helperImage: imageReference().optional().describe('Image of the pods that make and remove directories.'),
  namespace: label().default('local-path-storage').describe('Its namespace.'),
});

const storage = z.strictObject({
  path: directory().default('/opt/local-path-provisioner').describe('Mount point of the first volume.'),
  class: objectName().default('local-path').describe('Name of the only StorageClass, the default one.'),
  reclaim: reclaim(),
  classes: z
    .array(storageClass)
    .max(20)
    .default([])
    .describe('Several classes, instead of class and reclaim.'),
  provisioner: provisioner.prefault({}).describe('The rancher local-path-provisioner.'),
});

const smoke = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether `up` ends with the smoke test.'),
  image: imageReference().optional().describe('Image of the test pods.'),
  namespace: label()
    .refine((name) => name !== 'default' && !name.startsWith('kube-'), {
      error: 'must be a namespace of its own: it is removed after the test',
    })
    .default('kglab-smoke')
    .describe('Namespace of the test, removed afterwards.'),
  timeout: duration(1, 3600).prefault('180s').describe('How long the test may take, e.g. 90s or 3m.'),
});

const network = z.strictObject({
  subnet: subnet()
    .optional()
    .describe('Private IPv4 range of the lab, /16 to /28. Default: chosen by kglab.'),
  internet: z
    .union([z.enum(['auto', 'on', 'off']), z.boolean()])
    .default('auto')
    .transform((value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : value))
    .describe('Whether machines reach the internet through the host.'),
});

/** A lab file: the source of its raw type, its checks, its defaults and its JSON Schema. */
export const labSchema = z
  .strictObject({
    name: labName().default('kglab').describe('Name of the lab, first part of the host names.'),
    provider: z
      .enum(['auto', ...PROVIDER_IDS])
      .default('auto')
      .describe('Where machines come from.'),
    image: matching(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'the name of an image')
      .default('default')
      .describe('Image of the machines: a release name, or default.'),
    nodes: z
      .union([z.int().min(1).max(NODES_MAX), z.array(node).min(1).max(NODES_MAX)], {
        error: ({ input }) =>
          `must be a whole number (1 to ${NODES_MAX}) or a list of nodes, not ${shown(input)}`,
      })
      .default(3)
      .describe('How many nodes, or a list of them.'),
    machine: machine.prefault({}).describe('What every machine gets that says nothing else.'),
    gluster: gluster.prefault({}).describe('GlusterFS: the pool and its volumes.'),
    k3s: k3s.prefault({}).describe('Kubernetes.'),
    storage: storage.prefault({}).describe('Mount points and StorageClasses.'),
    smoke: smoke.prefault({}).describe('The smoke test at the end of `up`.'),
    network: network.prefault({}).describe('The network of the machines.'),
  })
  .describe('A kglab lab.');

/** A lab file as written, every field of it filled in, but names not yet resolved. */
export type RawLab = z.output<typeof labSchema>;

type Json = Readonly<Record<string, unknown>>;

const orNull = ({ description, default: preset, ...form }: Json): Json => ({
  ...(description !== undefined && { description }),
  ...(preset !== undefined && { default: preset }),
  anyOf: [...((form['anyOf'] as readonly Json[] | undefined) ?? [form]), { type: 'null' }],
});

/** A key without a value counts as not given, so editors must not complain about one. */
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

/** The JSON Schema of lab files (draft 7, which editors understand best), made from the schema that checks them. */
export const labJsonSchema = (): Json => ({
  ...allowEmptyKeys(z.toJSONSchema(labSchema, { io: 'input', target: 'draft-7' })),
  title: 'kglab lab file',
});
