import { open } from 'node:fs/promises';

export type Compression = 'none' | 'gzip' | 'zstd';

/** What tells tar how to unpack. */
export const TAR_OPTION: Readonly<Record<Compression, readonly string[]>> = {
  none: [],
  gzip: ['--gzip'],
  zstd: ['--zstd'],
};

/** File name endings by which k3s knows how to import an archive. */
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

/** How a file is compressed, by its first bytes: people rename archives. */
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
