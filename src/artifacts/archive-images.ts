import { CommandError } from '../exec/command-error.js';
import { readFile, stat } from 'node:fs/promises';
import type { Command, Executor } from '../exec/command.js';
import { compressionOf, TAR_OPTION, type Compression } from './compression.js';
import { refsOfIndex, refsOfManifest } from './archive-manifest.js';
import { replaceFile } from '../util/replace-file.js';

/** A bundle holds some 700 MB unpacked; a slow disk reads that in well under this. Milliseconds. */
const TAR_TIMEOUT = 300_000;

/** The images of an archive are remembered beside it. */
export const REFS_SUFFIX = '.refs.json';

const tar = async (
  host: Executor,
  compression: Compression,
  args: readonly string[],
  path: string,
): Promise<string> => {
  const command: Command = {
    file: 'tar',
    // A colon in a file name is no host name.
    args: ['--force-local', ...TAR_OPTION[compression], ...args],
    env: { LC_ALL: 'C' },
  };
  const result = await host.exec(command, { timeoutMs: TAR_TIMEOUT });
  if (result.exitCode === 0) return result.stdout;
  throw new CommandError('ARTIFACT_UNREADABLE', 'the host', command, result, {
    what: `${path} is not an image archive that can be read: tar`,
    hint:
      compression === 'zstd'
        ? 'If zstd is missing on this host: apt-get install zstd. Else the archive is damaged: get it again.'
        : 'Image archives are made with e.g. `docker save IMAGE -o image.tar`.',
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

/** Notes what images an archive holds, so that it need not be read again. */
export const rememberImages = async (path: string, refs: readonly string[]): Promise<void> => {
  const { size, mtimeMs } = await stat(path);
  const remembered: Remembered = { size, mtimeMs, refs };
  await replaceFile(path + REFS_SUFFIX, JSON.stringify(remembered), { mode: 0o666 });
};

const recall = async (path: string): Promise<Remembered | undefined> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Remembered;
  } catch {
    // Not yet there, or torn by a crash: it is written anew.
    return undefined;
  }
};

/**
 * Full references of the images in an archive, remembered in `<path>.refs.json` until the archive changes.
 * Throws ARTIFACT_UNREADABLE when it cannot be read.
 */
export const archiveImages = async (host: Executor, path: string): Promise<readonly string[]> => {
  const { size, mtimeMs } = await stat(path);
  const known = await recall(path + REFS_SUFFIX);
  if (known?.size === size && known.mtimeMs === mtimeMs) return known.refs;
  const refs = await readArchiveImages(host, path);
  // A cache that may only be read is no reason to fail.
  await rememberImages(path, refs).catch(() => undefined);
  return refs;
};
