import { readdir, rename, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import type { Executor } from '../exec/command.js';
import { systemClock, type Clock } from '../util/clock.js';
import { mapPool } from '../util/pool.js';
import { archiveImages, extraArchives, imagesDir, REFS_SUFFIX } from './image-archives.js';
import { cachedReleases } from './release-folder.js';
import type { Arch } from './release-names.js';
import { withStaging } from './staging.js';

/** A release or image archive in the cache. `kglab cache rm` accepts `id`. */
export type CacheEntry = { readonly id: string; readonly path: string; readonly bytes: number } & (
  | { readonly kind: 'release'; readonly version: string; readonly arch: Arch }
  | { readonly kind: 'image'; readonly fileName: string; readonly refs: readonly string[] }
);

/** Files of a folder that are read at the same time. */
const LIMIT = 8;

const bytesOf = async (path: string): Promise<number> => {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const sizes = await mapPool(await readdir(path), LIMIT, (name) => bytesOf(join(path, name)));
  return sizes.reduce((sum, size) => sum + size, 0);
};

const releases = async (cacheDir: string): Promise<CacheEntry[]> =>
  mapPool(await cachedReleases(cacheDir), LIMIT, async ({ key: { version, arch }, dir }) => ({
    kind: 'release' as const,
    id: `${version}/${arch}`,
    path: dir,
    bytes: await bytesOf(dir),
    version,
    arch,
  }));

const images = async (cacheDir: string, host: Executor): Promise<CacheEntry[]> =>
  mapPool(await extraArchives(cacheDir), 1, async (fileName) => {
    const path = join(imagesDir(cacheDir), fileName);
    // Lists a damaged archive too, so that it can be removed.
    const refs = await archiveImages(host, path).catch(() => []);
    return { kind: 'image' as const, id: fileName, path, bytes: await bytesOf(path), fileName, refs };
  });

/** Everything in the cache: releases, newest first, then image archives by name. */
export const listCache = async ({
  cacheDir,
  host,
}: {
  cacheDir: string;
  host: Executor;
}): Promise<CacheEntry[]> => [...(await releases(cacheDir)), ...(await images(cacheDir, host))];

/** Renames a file unless it is gone: another kglab removed it, or an archive has no list of images. */
const moveAway = async (from: string, to: string): Promise<void> =>
  rename(from, to).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });

const matches = (entry: CacheEntry, what: string): boolean =>
  entry.id === what || (entry.kind === 'release' ? entry.version === what : entry.refs.includes(what));

export interface RemoveOptions {
  readonly cacheDir: string;
  /** A version (all architectures), `version/arch`, the file name of an image archive, or an image in it. */
  readonly what: string;
  readonly host: Executor;
  readonly clock?: Clock;
}

/** Removes entries (renames them first, which is atomic) and returns them. Throws ARTIFACT_MISSING when none matches. */
export const removeFromCache = async ({
  cacheDir,
  what,
  host,
  clock = systemClock,
}: RemoveOptions): Promise<CacheEntry[]> => {
  const all = await listCache({ cacheDir, host });
  const chosen = all.filter((entry) => matches(entry, what));
  if (chosen.length === 0)
    throw new CliError('ARTIFACT_MISSING', `${what} is not in the cache.`, {
      hint: 'List the cache: kglab cache list',
      details: all.map(({ id }) => id),
    });
  await withStaging(cacheDir, clock, async (staging) => {
    for (const [index, { kind, path }] of chosen.entries()) {
      await moveAway(path, join(staging, `${index}`));
      if (kind === 'image') await moveAway(path + REFS_SUFFIX, join(staging, `${index}${REFS_SUFFIX}`));
      // Fails while it contains another architecture, as it should.
      if (kind === 'release') await rmdir(dirname(path)).catch(() => undefined);
    }
  });
  return chosen;
};
