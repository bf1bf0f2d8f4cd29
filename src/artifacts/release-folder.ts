import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import { sha256File } from '../util/checksum.js';
import type { Artifacts, ReleaseFile } from './artifacts.js';
import { checksumOf, compareChecksum, readChecksums } from './checksums.js';
import {
  airgapNames,
  type Arch,
  ARCHES,
  binaryName,
  compareVersions,
  IMAGES_LIST,
  isVersion,
  sumsName,
} from './release-names.js';

/** Names of the files of one release in a folder. */
export interface ReleaseFiles {
  readonly binary: string;
  readonly sums: string;
  readonly airgap: string;
  /** Files that a release may lack. */
  readonly optional: readonly string[];
}

/** Looks for a release in a folder: returns its files, or the names of the missing ones (also without a folder). */
export const findReleaseFiles = async (
  dir: string,
  arch: Arch,
): Promise<{ readonly files: ReleaseFiles } | { readonly missing: readonly string[] }> => {
  const names = new Set(await readdir(dir).catch(() => []));
  const [binary, sums] = [binaryName(arch), sumsName(arch)];
  const airgap = airgapNames(arch).find((name) => names.has(name));
  const missing = [binary, sums].filter((name) => !names.has(name));
  if (airgap === undefined) return { missing: [...missing, airgapNames(arch)[0]] };
  if (missing.length > 0) return { missing };
  return { files: { binary, sums, airgap, optional: [IMAGES_LIST].filter((name) => names.has(name)) } };
};

/** A release in a cache. */
export interface ReleaseKey {
  readonly version: string;
  readonly arch: Arch;
  readonly cacheDir: string;
}

/** Folder of a release in the cache. kglab renames it into place, so it is complete if it exists. */
export const releaseDir = ({ cacheDir, version, arch }: ReleaseKey): string =>
  join(cacheDir, 'k3s', version, arch);

/** The files of a release in a folder, with their expected checksums. */
export interface ReleaseEntry {
  readonly binary: ReleaseFile;
  readonly airgap: NonNullable<Artifacts['airgap']>;
  /** The list of images, if the release has one. */
  readonly imagesList: string | undefined;
}

/** Reads a release folder without hashing its files; undefined when files are missing. */
export const readRelease = async (dir: string, arch: Arch): Promise<ReleaseEntry | undefined> => {
  const found = await findReleaseFiles(dir, arch);
  if ('missing' in found) return undefined;
  const { binary, sums, airgap, optional } = found.files;
  const checksums = await readChecksums(join(dir, sums));
  const file = (name: string): ReleaseFile => ({
    path: join(dir, name),
    sha256: checksumOf(checksums, name, join(dir, sums)),
  });
  return {
    binary: file(binary),
    airgap: { ...file(airgap), fileName: airgap },
    imagesList: optional.includes(IMAGES_LIST) ? join(dir, IMAGES_LIST) : undefined,
  };
};

/** Hashes the files of a release; throws ARTIFACT_CHECKSUM at the first that differs. `shown` gives the path for the message. */
export const verifyRelease = async (
  { binary, airgap }: ReleaseEntry,
  {
    shown = (path) => path,
    signal,
  }: { shown?: (path: string) => string; signal?: AbortSignal | undefined } = {},
): Promise<void> => {
  for (const { path, sha256 } of [binary, airgap])
    compareChecksum(shown(path), sha256, await sha256File(path, signal));
};

/** Whether two folders expect the same checksums for the same files. */
export const sameRelease = (a: ReleaseEntry, b: ReleaseEntry): boolean =>
  a.binary.sha256 === b.binary.sha256 &&
  a.airgap.sha256 === b.airgap.sha256 &&
  a.airgap.fileName === b.airgap.fileName;

const isIntact = async (dir: string, arch: Arch, wanted: ReleaseEntry): Promise<boolean> => {
  try {
    const entry = await readRelease(dir, arch);
    if (entry === undefined || !sameRelease(entry, wanted)) return false;
    await verifyRelease(entry);
    return true;
  } catch {
    // Missing, damaged or unreadable: will be replaced.
    return false;
  }
};

/** The target exists (first two), or another kglab just moved it away. */
const RACES = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT']);

const tryRename = async (from: string, to: string): Promise<boolean> => {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (RACES.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
};

/** More attempts than processes that may install the same release at once. */
const TRIES = 10;

/**
 * Moves a verified folder `<staging>/entry` into the cache. Returns `already` when the cache has the same release,
 * undamaged; replaces any other.
 */
export const installRelease = async (staging: string, key: ReleaseKey): Promise<'added' | 'already'> => {
  const [entry, target] = [join(staging, 'entry'), releaseDir(key)];
  const wanted = await readRelease(entry, key.arch);
  for (let attempt = 0; wanted !== undefined && attempt < TRIES; attempt++) {
    await mkdir(dirname(target), { recursive: true });
    if (await tryRename(entry, target)) return 'added';
    if (await isIntact(target, key.arch, wanted)) return 'already';
    await tryRename(target, join(staging, `old-${attempt}`));
  }
  throw new CliError('BUG', `Moving the release to ${target} failed.`);
};

export interface CachedRelease {
  readonly key: ReleaseKey;
  readonly dir: string;
  readonly entry: ReleaseEntry;
}

/** The complete releases of the cache, newest first. Leaves out damaged ones. */
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
