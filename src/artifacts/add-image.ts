import { chmod, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CliError } from '../errors/cli-error.js';
import type { Executor } from '../exec/command.js';
import { sha256File } from '../util/checksum.js';
import type { Clock } from '../util/clock.js';
import {
  compressionOf,
  extraArchives,
  imagesDir,
  readArchiveImages,
  rememberImages,
  TAR_ENDING,
} from './image-archives.js';
import { copyFile, withStaging } from './staging.js';

/** An image archive in the cache. */
export interface AddedImage {
  readonly kind: 'image';
  readonly path: string;
  readonly fileName: string;
  readonly refs: readonly string[];
  /** Whether the cache had it before. */
  readonly already: boolean;
}

export interface AddImageOptions {
  readonly path: string;
  readonly cacheDir: string;
  readonly host: Executor;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** Hex digits of the checksum in a file name: enough to keep the archives of a cache apart. */
const PREFIX_DIGITS = 12;

const newName = async (path: string, sha256: string): Promise<string> => {
  const stem = basename(path)
    .replace(/\.(tar|tgz|tzst|tar\.\w+)$/i, '')
    .replaceAll(/[^\w.-]/g, '_');
  return `${sha256.slice(0, PREFIX_DIGITS)}-${stem}${TAR_ENDING[await compressionOf(path)]}`;
};

/** The file name of the same archive in the cache, if it is there and undamaged. */
const cachedName = async (cacheDir: string, sha256: string): Promise<string | undefined> => {
  const prefix = `${sha256.slice(0, PREFIX_DIGITS)}-`;
  for (const name of await extraArchives(cacheDir))
    if (name.startsWith(prefix) && (await sha256File(join(imagesDir(cacheDir), name))) === sha256)
      return name;
  return undefined;
};

const checkedRefs = async (host: Executor, path: string): Promise<readonly string[]> => {
  const refs = await readArchiveImages(host, path);
  if (refs.length > 0) return refs;
  throw new CliError('ARTIFACT_UNREADABLE', `The images in ${path} have no names.`, {
    hint: 'Save images by name, not by id, e.g.: docker save docker.io/library/busybox:1.37 -o busybox.tar',
  });
};

/** Adds an image archive to the cache. Errors: see addToCache. */
export const addImage = async ({
  path,
  cacheDir,
  host,
  clock,
  signal,
}: AddImageOptions): Promise<AddedImage> => {
  const refs = await checkedRefs(host, path);
  const dir = imagesDir(cacheDir);
  return withStaging(cacheDir, clock, async (staging) => {
    const copy = join(staging, 'archive');
    await copyFile(host, path, copy, signal);
    await chmod(copy, 0o644);
    const sha256 = await sha256File(copy, signal);
    await mkdir(dir, { recursive: true });
    const known = await cachedName(cacheDir, sha256);
    const fileName = known ?? (await newName(path, sha256));
    const target = join(dir, fileName);
    if (known === undefined) await rename(copy, target);
    await rememberImages(target, refs);
    return { kind: 'image', path: target, fileName, refs, already: known !== undefined };
  });
};
