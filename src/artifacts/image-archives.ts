import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../exec/checked.js';
import type { Command, Executor } from '../exec/command.js';
import { mapPool } from '../util/pool.js';
import { replaceFile } from '../util/replace-file.js';
import type { ExtraImage } from './artifacts.js';
import { normalizeImage } from './image-names.js';

export type Compression = 'none' | 'gzip' | 'zstd';

/** Options of tar. */
export const TAR_OPTION: Readonly<Record<Compression, readonly string[]>> = {
  none: [],
  gzip: ['--gzip'],
  zstd: ['--zstd'],
};

/** File name endings; k3s imports only archives that have the right one. */
export const TAR_ENDING: Readonly<Record<Compression, string>> = {
  none: '.tar',
  gzip: '.tar.gz',
  zstd: '.tar.zst',
};

/** First bytes, from RFC 1952 (gzip) and RFC 8878 (Zstandard). */
const MAGIC: readonly (readonly [Compression, string])[] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
];

/** How a file is compressed, from its first bytes: the name may be wrong. */
export const compressionOf = async (path: string): Promise<Compression> => {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.toString('hex');
    return MAGIC.find(([, magic]) => start.startsWith(magic))?.[0] ?? 'none';
  } finally {
    await file.close();
  }
};

const parse = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
};

const full = (refs: readonly unknown[]): readonly string[] => [
  ...new Set(refs.filter((ref): ref is string => typeof ref === 'string' && ref !== '').map(normalizeImage)),
];

/** References in the `manifest.json` of a docker-archive; untagged images have none. */
export const refsOfManifest = (text: string | undefined): readonly string[] => {
  const entries = parse(text);
  if (!Array.isArray(entries)) return [];
  return full(entries.flatMap((entry) => (entry as { RepoTags?: unknown[] | null } | null)?.RepoTags ?? []));
};

interface Index {
  readonly manifests?: readonly { readonly annotations?: Readonly<Record<string, unknown>> }[];
}

/** The full reference is in containerd's annotation; the standard one may contain only a tag. */
const refOf = (annotations: Readonly<Record<string, unknown>>): unknown => {
  const named = annotations['io.containerd.image.name'];
  if (named !== undefined) return named;
  const ref = annotations['org.opencontainers.image.ref.name'];
  return typeof ref === 'string' && /[/:]/.test(ref) ? ref : undefined;
};

/** References in the `index.json` of an OCI archive. */
export const refsOfIndex = (text: string | undefined): readonly string[] => {
  const { manifests } = (parse(text) ?? {}) as Index;
  return Array.isArray(manifests)
    ? full((manifests as NonNullable<Index['manifests']>).map(({ annotations = {} }) => refOf(annotations)))
    : [];
};

/** Timeout of tar, in milliseconds: a bundle has some 700 MB unpacked, and disks may be slow. */
const TAR_TIMEOUT = 300_000;

/** Ending of the file beside an archive that lists its images. */
export const REFS_SUFFIX = '.refs.json';

const tar = async (
  host: Executor,
  compression: Compression,
  args: readonly string[],
  path: string,
): Promise<string> => {
  const command: Command = {
    file: 'tar',
    // Without --force-local, tar takes what stands before a colon for a host.
    args: ['--force-local', ...TAR_OPTION[compression], ...args],
    env: { LC_ALL: 'C' },
  };
  const result = await host.exec(command, { timeoutMs: TAR_TIMEOUT });
  if (result.exitCode === 0) return result.stdout;
  throw new CommandError('ARTIFACT_UNREADABLE', 'the host', command, result, {
    what: `${path} is not a readable image archive: tar`,
    hint:
      compression === 'zstd'
        ? 'If zstd is missing on this host: apt-get install zstd. Otherwise the archive is damaged: download it again.'
        : 'Create an image archive, e.g.: docker save IMAGE -o image.tar',
  });
};

/** Reads the references of the images in a docker-archive or OCI tar. Throws ARTIFACT_UNREADABLE when tar cannot. */
export const readArchiveImages = async (host: Executor, path: string): Promise<readonly string[]> => {
  const compression = await compressionOf(path);
  const members = (await tar(host, compression, ['-tf', path], path)).split('\n');
  const read = async (name: string): Promise<string | undefined> => {
    const member = members.find((candidate) => candidate === name || candidate === `./${name}`);
    return member === undefined ? undefined : tar(host, compression, ['-xOf', path, '--', member], path);
  };
  const refs = refsOfManifest(await read('manifest.json'));
  return refs.length > 0 ? refs : refsOfIndex(await read('index.json'));
};

interface Remembered {
  readonly size: number;
  readonly mtimeMs: number;
  readonly refs: readonly string[];
}

/** Writes the list of images beside the archive, so that it is read only once. */
export const rememberImages = async (path: string, refs: readonly string[]): Promise<void> => {
  const { size, mtimeMs } = await stat(path);
  const remembered: Remembered = { size, mtimeMs, refs };
  await replaceFile(path + REFS_SUFFIX, JSON.stringify(remembered), { mode: 0o666 });
};

const recall = async (path: string): Promise<Remembered | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Remembered;
  } catch {
    // Missing, or damaged by a crash: read the archive again.
    return undefined;
  }
};

/**
 * Full references of the images in an archive, cached in `<path>.refs.json` until the archive changes.
 * Throws ARTIFACT_UNREADABLE when it cannot be read.
 */
export const archiveImages = async (host: Executor, path: string): Promise<readonly string[]> => {
  const { size, mtimeMs } = await stat(path);
  const known = await recall(path + REFS_SUFFIX);
  if (known?.size === size && known.mtimeMs === mtimeMs) return known.refs;
  const refs = await readArchiveImages(host, path);
  // A read-only cache is not an error.
  await rememberImages(path, refs).catch(() => undefined);
  return refs;
};

/** Folder of the image archives that are not part of a release. */
export const imagesDir = (cacheDir: string): string => join(cacheDir, 'images');

/** Whether a file in that folder is an archive, and not a list of images. */
const isImageArchive = (name: string): boolean =>
  Object.values(TAR_ENDING).some((ending) => name.endsWith(ending));

/** File names of the extra archives in the cache, sorted. */
export const extraArchives = async (cacheDir: string): Promise<readonly string[]> =>
  (await readdir(imagesDir(cacheDir)).catch(() => [])).filter(isImageArchive).sort();

/** The extra archives in the cache with their images. Throws ARTIFACT_UNREADABLE for a damaged one. */
export const extraImages = async (cacheDir: string, host: Executor): Promise<readonly ExtraImage[]> =>
  mapPool(await extraArchives(cacheDir), 1, async (fileName) => {
    const path = join(imagesDir(cacheDir), fileName);
    return { path, fileName, refs: await archiveImages(host, path) };
  });
