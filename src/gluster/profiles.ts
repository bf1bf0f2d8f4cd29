import type { VolumeProfile } from '../config/config.js';

/**
 * Options of the profiles. `database` is the group db-workload of GlusterFS 10 (extras/group-db-workload), written out
 * so that `up` can see whether they are set: no cache of a client may answer for a file that another node has locked
 * and changed. Mounts keep no attributes in either profile.
 */
export const PROFILES: Readonly<Record<VolumeProfile, Readonly<Record<string, string>>>> = {
  default: {},
  database: {
    'performance.open-behind': 'on',
    'performance.write-behind': 'off',
    'performance.stat-prefetch': 'off',
    'performance.quick-read': 'off',
    'performance.strict-o-direct': 'on',
    'performance.read-ahead': 'off',
    'performance.io-cache': 'off',
    'performance.readdir-ahead': 'off',
    'performance.client-io-threads': 'on',
    'server.event-threads': '4',
    'client.event-threads': '4',
    'performance.read-after-open': 'yes',
  },
};

/**
 * Options of a volume with copies. A write that one brick refused (its disk or its limit is full) is made good when
 * the index of such writes is gone through, which Gluster does every 600 s by itself; in a lab somebody is waiting.
 * 60 s is the least that a disperse volume takes (GlusterFS 10).
 */
export const COPIES_OPTIONS: Readonly<Record<string, string>> = { 'cluster.heal-timeout': '60' };

/** Options of a volume whose directories have limits: df shows them, and they are looked at with every write. */
export const QUOTA_OPTIONS: Readonly<Record<string, string>> = {
  'features.quota-deem-statfs': 'on',
  'features.soft-timeout': '0',
  'features.hard-timeout': '0',
};
