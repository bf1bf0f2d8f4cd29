import { stat } from 'node:fs/promises';
import { CliError } from '../errors/cli-error.js';
import type { Executor } from '../exec/command.js';
import { systemClock, type Clock } from '../util/clock.js';
import { mapPool } from '../util/pool.js';
import { addImage, type AddedImage } from './add-image.js';
import { addRelease, type AddedRelease } from './add-release.js';
import { findReleaseFiles } from './release-folder.js';
import { type Arch, ARCHES, binaryName, checkVersion, hostArch } from './release-names.js';

/** A release or image archive that is now in the cache. */
export type Added = AddedRelease | AddedImage;

export interface AddOptions {
  /** A folder with the files of a release, or an image archive. */
  readonly path: string;
  readonly cacheDir: string;
  /** Default: every architecture whose k3s binary is in the folder. */
  readonly arch?: Arch | undefined;
  /** Release tag; needed only when the binary does not run on this host. */
  readonly version?: string | undefined;
  readonly host: Executor;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
}

const archesIn = async (dir: string): Promise<readonly Arch[]> => {
  const found = await mapPool(ARCHES, 1, async (arch) => {
    const release = await findReleaseFiles(dir, arch);
    return 'missing' in release && release.missing.includes(binaryName(arch)) ? [] : [arch];
  });
  return found.flat();
};

/** The architecture of the host first: its binary runs here and reports the version. */
const archesToAdd = async ({ path, arch, host }: AddOptions): Promise<readonly Arch[]> => {
  if (arch !== undefined) return [arch];
  const [own, found] = [await hostArch(host), await archesIn(path)];
  return found.length === 0 ? [own] : [...found].sort((a, b) => Number(b === own) - Number(a === own));
};

/**
 * Adds a release folder or an image archive to the cache. Safe to repeat and to run in parallel.
 * Throws ARTIFACT_MISSING (files), ARTIFACT_CHECKSUM, ARTIFACT_UNREADABLE, HOST_NO_SPACE, USAGE (version).
 */
export const addToCache = async (options: AddOptions): Promise<Added[]> => {
  const { path, cacheDir, host, signal, clock = systemClock } = options;
  if (options.version !== undefined) checkVersion(options.version);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new CliError('ARTIFACT_MISSING', `${path} does not exist or cannot be read.`);
  const common = { path, cacheDir, host, signal, clock };
  if (!found.isDirectory()) return [await addImage(common)];
  const added: Added[] = [];
  let { version } = options;
  for (const arch of await archesToAdd(options)) {
    const release = await addRelease({ ...common, arch, version });
    version = release.version;
    added.push(release);
  }
  return added;
};
