import type { MultipassClient } from './client.js';
import { driverArgs, versionArgs } from './commands.js';
import { featuresOf, type MultipassFeatures } from './features.js';
import { parseVersions } from './parse.js';

/** Asks the daemon for its version and driver: what they can do together. */
export const askAbilities = async (
  client: MultipassClient,
  timeoutMs: number,
): Promise<MultipassFeatures> => {
  const versions = parseVersions((await client.must(versionArgs, { timeoutMs })).stdout);
  const driver = await client.call(driverArgs, { timeoutMs });
  return featuresOf(versions.daemon ?? versions.client, driver.stdout.trim());
};
