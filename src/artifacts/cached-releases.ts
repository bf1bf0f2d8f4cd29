import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ARCHES, type Arch } from './arch.js';
import { readRelease, releaseDir, type ReleaseEntry, type ReleaseKey } from './release-entry.js';
import { compareVersions, isVersion } from './version.js';

export interface CachedRelease {
  readonly key: ReleaseKey;
  readonly dir: string;
  readonly entry: ReleaseEntry;
}

/** The complete releases of the cache, newest first. A damaged folder counts as absent. */
export const cachedReleases = async (
  cacheDir: string,
  arches: readonly Arch[] = ARCHES,
): Promise<readonly CachedRelease[]> => {
  const names = await readdir(join(cacheDir, 'k3s')).catch(() => []);
  const versions = names.filter((name) => isVersion(name)).sort((a, b) => compareVersions(b, a));
  const found: CachedRelease[] = [];
  for (const version of versions)
    for (const arch of arches) {
      const key = { version, arch, cacheDir };
      const dir = releaseDir(key);
      const entry = await readRelease(dir, arch).catch(() => undefined);
      if (entry !== undefined) found.push({ key, dir, entry });
    }
  return found;
};
