import type { MultipassClient } from './client.js';
import { driverArgs, versionArgs } from './commands.js';
import { parseVersion, parseVersions } from './parse.js';

/** What a version of multipass with a driver can do. */
export interface MultipassFeatures {
  /** `stop --force` cuts the power. */
  readonly forceStop: boolean;
  readonly snapshots: boolean;
  readonly clone: boolean;
  /** Machines are in availability zones, each with its own network. */
  readonly zones: boolean;
}

const DRIVERS_WITH_SNAPSHOTS = new Set(['qemu', 'hyperv', 'virtualbox']);

/** The first minor version of 1.x with each feature. */
const SINCE = { snapshots: 13, forceStop: 14, clone: 15, zones: 17 } as const;

/** The oldest version that kglab supports. */
export const OLDEST = '1.12';

/** Features by daemon version and driver (`local.driver`). An unreadable version counts as the newest. */
export const featuresOf = (version: string, driver: string): MultipassFeatures => {
  const { major, minor } = parseVersion(version) ?? { major: 2, minor: 0 };
  const since = (first: number): boolean => major > 1 || minor >= first;
  const copies = DRIVERS_WITH_SNAPSHOTS.has(driver);
  return {
    forceStop: since(SINCE.forceStop),
    snapshots: copies && since(SINCE.snapshots),
    clone: copies && since(SINCE.clone),
    zones: since(SINCE.zones),
  };
};

/** Whether kglab supports this version. */
export const isSupported = (version: string): boolean => {
  const { major, minor } = parseVersion(version) ?? { major: 0, minor: 0 };
  return major > 1 || (major === 1 && minor >= 12);
};

/** Asks the daemon for its version and driver, and returns their features. */
export const askFeatures = async (client: MultipassClient, timeoutMs: number): Promise<MultipassFeatures> => {
  const versions = parseVersions((await client.must(versionArgs, { timeoutMs })).stdout);
  const driver = await client.call(driverArgs, { timeoutMs });
  return featuresOf(versions.daemon ?? versions.client, driver.stdout.trim());
};
