import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Executor } from '../exec/command.js';
import { addToCache } from './add-to-cache.js';
import type { Artifacts } from './artifacts.js';
import { archiveImages, extraImages } from './image-archives.js';
import { normalizeImage } from './image-names.js';
import { unavailable } from './published-release.js';
import {
  cachedReleases,
  readRelease,
  releaseDir,
  type ReleaseEntry,
  type ReleaseKey,
  sameRelease,
} from './release-folder.js';
import { airgapNames, type Arch, binaryName, checkVersion, DEFAULT_K3S_VERSION } from './release-names.js';

export interface ResolveOptions {
  /** A release tag; `default`: the newest in the cache, else DEFAULT_K3S_VERSION; `cached`: the newest in the cache. */
  readonly version: string;
  /** Folder with a release to use and to add to the cache. */
  readonly artifactsDir?: string | undefined;
  readonly arch: Arch;
  readonly cacheDir: string;
  readonly host: Executor;
  /** Throw ARTIFACT_MISSING for a release that is not in the cache. */
  readonly offline?: boolean;
}

const tagOf = (version: string): string | undefined =>
  version === 'default' || version === 'cached' ? undefined : checkVersion(version);

/** The version of the release in a folder. Adds it unless the cache has a release with the same checksums. */
const versionIn = async (artifactsDir: string, options: ResolveOptions): Promise<string> => {
  const { arch, cacheDir, host } = options;
  const tag = tagOf(options.version);
  const given = await readRelease(artifactsDir, arch);
  const known = (await cachedReleases(cacheDir, [arch])).find(
    ({ key, entry }) =>
      given !== undefined && sameRelease(entry, given) && (tag ?? key.version) === key.version,
  );
  if (known !== undefined) return known.key.version;
  const [added] = await addToCache({ path: artifactsDir, cacheDir, arch, host, version: tag });
  return added?.kind === 'release' ? added.version : DEFAULT_K3S_VERSION;
};

const settleVersion = async (options: ResolveOptions): Promise<string> => {
  const { artifactsDir, arch, cacheDir } = options;
  if (artifactsDir !== undefined) return versionIn(artifactsDir, options);
  return (
    tagOf(options.version) ?? (await cachedReleases(cacheDir, [arch]))[0]?.key.version ?? DEFAULT_K3S_VERSION
  );
};

/** From the list of images if the release has one (fast), else from the bundle. */
const bundleImages = async (
  { imagesList, airgap }: ReleaseEntry,
  host: Executor,
): Promise<readonly string[]> => {
  if (imagesList === undefined) return archiveImages(host, airgap.path);
  const lines = (await readFile(imagesList, 'utf8')).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map(normalizeImage);
};

const toDownload = (key: ReleaseKey): Omit<Artifacts, 'extraImages'> => {
  const { version, arch } = key;
  const [fileName] = airgapNames(arch);
  const file = (name: string) => ({ path: join(releaseDir(key), name), sha256: '' });
  return {
    version,
    arch,
    state: 'to-download',
    binary: file(binaryName(arch)),
    airgap: { ...file(fileName), fileName },
    images: [],
  };
};

/**
 * Finds the release files of a lab and whether they are in the cache; downloads nothing. Throws ARTIFACT_MISSING when
 * `offline` or `cached` and the cache does not have the release, and the errors of addToCache for `artifactsDir`.
 */
export const resolveArtifacts = async (options: ResolveOptions): Promise<Artifacts> => {
  const { arch, cacheDir, host, offline = false } = options;
  const key = { version: await settleVersion(options), arch, cacheDir };
  const extra = await extraImages(cacheDir, host);
  const entry = await readRelease(releaseDir(key), arch).catch(() => undefined);
  if (entry !== undefined) {
    const { binary, airgap } = entry;
    const images = await bundleImages(entry, host);
    return { version: key.version, arch, state: 'cached', binary, airgap, extraImages: extra, images };
  }
  if (offline || options.version === 'cached') throw unavailable(key, 'downloads are not allowed');
  return { ...toDownload(key), extraImages: extra };
};
