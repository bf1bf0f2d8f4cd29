import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startSha256 } from '../util/checksum.js';
import type { Clock } from '../util/clock.js';
import { syncPath } from '../util/replace-file.js';
import { compareChecksum } from './checksums.js';
import type { Arch } from './release-names.js';
import { noSpace } from './staging.js';
import { get, type Web } from './web.js';

/** Reports the bytes received of a file; `total` is undefined when the server does not send it. */
export type Progress = (fileName: string, received: number, total: number | undefined) => void;

/** Shortest time between two lines, in milliseconds. */
const EVERY = 1000;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Turns byte counts into lines such as `k3s: 12.3 of 70.1 MB (17 %)`, at most one a second over all files. */
export const progressLines = (clock: Clock, onLine: ((line: string) => void) | undefined): Progress => {
  let last = Number.NEGATIVE_INFINITY;
  return (fileName, received, total) => {
    if (onLine === undefined || clock.now() - last < EVERY) return;
    last = clock.now();
    const share = total ? ` of ${megabytes(total)} MB (${Math.floor((100 * received) / total)} %)` : ' MB';
    onLine(`${fileName}: ${megabytes(received)}${share}`);
  };
};

export interface DownloadOptions {
  readonly web: Web;
  readonly release: { readonly version: string; readonly arch: Arch };
  readonly url: string;
  readonly to: string;
  /** The cache that `to` is in, for messages. */
  readonly cacheDir: string;
  /** Expected checksum; undefined for a file that the release has no checksum for. */
  readonly sha256: string | undefined;
  readonly progress: Progress;
}

/** Length of the body; with a content-encoding the header counts other bytes. */
const lengthOf = ({ headers }: Response): number | undefined => {
  const length = Number(headers.get('content-length') ?? Number.NaN);
  return Number.isFinite(length) && !headers.has('content-encoding') ? length : undefined;
};

const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Streams the body into the file and returns its checksum. */
const save = async (
  { to, cacheDir, progress }: DownloadOptions,
  response: Response,
  signal: AbortSignal,
  beat: () => void,
): Promise<string> => {
  const [hash, total] = [startSha256(), lengthOf(response)];
  let received = 0;
  const watched = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      beat();
      hash.update(chunk);
      received += chunk.length;
      progress(basename(to), received, total);
      yield chunk;
    }
  };
  const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body);
  await pipeline(body, watched, createWriteStream(to), { signal }).catch((error: unknown) => {
    throw FULL.has((error as NodeJS.ErrnoException).code ?? '') ? noSpace(cacheDir, error) : error;
  });
  if (total !== undefined && received !== total)
    throw new Error(`the download ended after ${received} of ${total} bytes`);
  return hash.digest('hex');
};

/** Downloads and verifies a file; removes it on a failure. Throws ARTIFACT_CHECKSUM and the errors of `get`. */
export const download = async (options: DownloadOptions): Promise<void> => {
  const { web, release, url, to, sha256 } = options;
  try {
    const actual = await get(web, release, url, (...answer) => save(options, ...answer));
    // Outside of `get`, whose limit on silence is for the server, not for a slow disk.
    await syncPath(to);
    if (sha256 !== undefined) compareChecksum(url, sha256, actual);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
};
