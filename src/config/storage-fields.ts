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

/** Most bricks of a disperse set that Gluster accepts by default and a lab could have use for. */
const DISPERSE_MAX = 16;

/** What a volume is like; the same keys describe the only volume and an item of the list. */
export const volumeShape = () => ({
  type: volumeType(),
  replica: z
    .int()
    .min(1)
    .max(9)
    .optional()
    .describe('Bricks of a replica set. Default: 3, or fewer nodes if there are.'),
  disperse: z
    .int()
    .min(3)
    .max(DISPERSE_MAX)
    .optional()
    .describe('Bricks of a disperse set. Default: all nodes of the volume.'),
  redundancy: z
    .int()
    .min(1)
    .max(7)
    .optional()
    .describe('Bricks of a disperse set that may be lost. Default: 1, from six bricks on 2.'),
  profile: z
    .enum(['default', 'database'])
    .default('default')
    .describe("database: Gluster's db-workload group, for files that are locked and synced all the time."),
  quota: z
    .boolean()
    .default(false)
    .describe('Whether claims on this volume cannot grow beyond what they asked for.'),
  options: glusterOptions().default({}).describe('Gluster volume options, e.g. network.ping-timeout: 10.'),
});

/** An item of gluster.volumes. */
export const volume = z.strictObject({
  name: volumeName().describe('Name of the volume.'),
  ...volumeShape(),
  nodes: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Nodes of its bricks, in order. Default: all storage nodes.'),
  mount: directory().optional().describe('Mount point. Default: storage.path, or storage.path-<name>.'),
});

export const reclaim = () =>
  z.enum(['Delete', 'Retain']).default('Delete').describe('What happens to data whose claim is deleted.');

/** An item of storage.classes. */
export const storageClass = z.strictObject({
  name: objectName().describe('Name of the StorageClass.'),
  volume: z.string().optional().describe('Volume it serves from. Default: the first one.'),
  mode: z
    .enum(['shared', 'pinned', 'dedicated'])
    .default('shared')
    .describe(
      'shared: pods of all nodes may use a claim. pinned: a claim belongs to the node of its first pod. ' +
        'dedicated: every claim gets a Gluster volume of its own, shaped like `volume`.',
    ),
  volumeType: z
    .enum(['hostPath', 'local'])
    .default('hostPath')
    .describe('Kind of the persistent volumes; local is for pinned classes.'),
  binding: z
    .enum(['WaitForFirstConsumer', 'Immediate'])
    .default('WaitForFirstConsumer')
    .describe('Whether a claim gets its volume with its first pod or at once.'),
  default: z
    .boolean()
    .optional()
    .describe('Whether claims without a class get this one; true for exactly one class.'),
  reclaim: reclaim(),
});
