import * as z from 'zod';
import { directory } from './directories.js';
import { glusterOptions } from './option-fields.js';
import { objectName, volumeName } from './text-fields.js';
import { VOLUME_TYPE_NAMES, VOLUME_TYPES } from './volume-types.js';

const volumeType = () =>
  z
    .enum(VOLUME_TYPE_NAMES)
    .default('replica')
    .describe(VOLUME_TYPE_NAMES.map((type) => `${type}: ${VOLUME_TYPES[type].summary}.`).join(' '));

/** Largest disperse set: the most bricks that Gluster accepts by default. */
const DISPERSE_MAX = 16;

/** Keys of a single volume in `gluster`, and of each item of `gluster.volumes`. */
export const volumeShape = () => ({
  type: volumeType(),
  replica: z
    .int()
    .min(1)
    .max(9)
    .optional()
    .describe('Number of bricks in a replica set. Default: 3, or 1 in a lab of one node.'),
  disperse: z
    .int()
    .min(3)
    .max(DISPERSE_MAX)
    .optional()
    .describe('Number of bricks in a disperse set. Default: one on every node of the volume.'),
  redundancy: z
    .int()
    .min(1)
    .max(7)
    .optional()
    .describe(
      'How many bricks of a disperse set may be lost. Default: 1, or 2 for sets of six or more bricks.',
    ),
  profile: z
    .enum(['default', 'database'])
    .default('default')
    .describe(
      "Named group of volume options. database: Gluster's db-workload group, for databases, which often lock and sync files.",
    ),
  quota: z
    .boolean()
    .default(false)
    .describe('Whether Gluster limits every claim on this volume to its requested size.'),
  options: glusterOptions()
    .default({})
    .describe('Further Gluster volume options, e.g. network.ping-timeout: 10.'),
});

/** An item of gluster.volumes. */
export const volume = z.strictObject({
  name: volumeName().describe('Name of the volume.'),
  ...volumeShape(),
  nodes: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Nodes that hold its bricks, in brick order. Default: all storage nodes.'),
  mount: directory()
    .optional()
    .describe(
      'Mount point on the Kubernetes nodes. Default: storage.path for the first volume, <storage.path>-<name> for the others.',
    ),
});

export const reclaim = () =>
  z
    .enum(['Delete', 'Retain'])
    .default('Delete')
    .describe('What happens to the data when a claim is deleted.');

/** An item of storage.classes. */
export const storageClass = z.strictObject({
  name: objectName().describe('Name of the StorageClass.'),
  volume: z.string().optional().describe('Volume that holds the data of its claims. Default: the first one.'),
  mode: z
    .enum(['shared', 'pinned', 'dedicated'])
    .default('shared')
    .describe(
      'shared: pods on all nodes can use a claim. pinned: a claim belongs to the node of its first pod. ' +
        'dedicated: every claim gets its own Gluster volume, of the same type as `volume`.',
    ),
  volumeType: z
    .enum(['hostPath', 'local'])
    .default('hostPath')
    .describe('Type of the PVs; local is for pinned classes only.'),
  binding: z
    .enum(['WaitForFirstConsumer', 'Immediate'])
    .default('WaitForFirstConsumer')
    .describe('When a claim gets its PV: with its first pod (WaitForFirstConsumer) or at once (Immediate).'),
  default: z
    .boolean()
    .optional()
    .describe(
      'Whether this is the default class: claims without a class use it. Set it on exactly one class.',
    ),
  reclaim: reclaim(),
});
