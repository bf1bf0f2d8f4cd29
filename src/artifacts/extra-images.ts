import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Executor } from '../exec/command.js';
import { archiveImages } from './archive-images.js';
import type { ExtraImage } from './artifacts.js';
import { TAR_ENDING } from './compression.js';

/** Folder of the image archives that belong to no release. */
export const imagesDir = (cacheDir: string): string => join(cacheDir, 'images');

/** Whether a name in that folder is an archive rather than the memory of one. */
export const isImageArchive = (name: string): boolean =>
  Object.values(TAR_ENDING).some((ending) => name.endsWith(ending));

/** The extra archives of the cache in the order of their names. Throws ARTIFACT_UNREADABLE for a damaged one. */
export const extraImages = async (cacheDir: string, host: Executor): Promise<readonly ExtraImage[]> => {
  const dir = imagesDir(cacheDir);
  const names = (await readdir(dir).catch(() => [])).filter((name) => isImageArchive(name)).sort();
  const found: ExtraImage[] = [];
  for (const fileName of names) {
    const path = join(dir, fileName);
    found.push({ path, fileName, refs: await archiveImages(host, path) });
  }
  return found;
};
