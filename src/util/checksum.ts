import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** A SHA-256 of data in pieces; finish with `digest('hex')`. */
export const startSha256 = (): Hash => createHash('sha256');

/** SHA-256 of a text in hexadecimal. */
export const sha256 = (text: string): string => startSha256().update(text).digest('hex');

/** A short checksum of a text: the first 64 bits of its SHA-256, in hexadecimal. */
export const shortSum = (text: string): string => sha256(text).slice(0, 16);

/** SHA-256 of a file in hexadecimal. Throws the reason of an aborted signal. */
export const sha256File = async (path: string, signal?: AbortSignal): Promise<string> => {
  const hash = startSha256();
  await pipeline(createReadStream(path), hash, { ...(signal && { signal }) }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
  return hash.digest('hex');
};
