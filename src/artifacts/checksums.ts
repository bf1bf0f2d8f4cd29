import { readFile } from 'node:fs/promises';
import { CliError } from '../errors/cli-error.js';

/** Checksums by file name. */
export type Checksums = ReadonlyMap<string, string>;

const LINE = /^([0-9a-f]{64}) [ *](?:\.\/)?(\S+)$/i;

/** Parses the output of sha256sum; ignores other lines. */
export const parseChecksums = (text: string): Checksums =>
  new Map(
    text.split('\n').flatMap((line) => {
      const [, sum, name] = LINE.exec(line.trim()) ?? [];
      return sum === undefined || name === undefined ? [] : [[name, sum.toLowerCase()] as const];
    }),
  );

/** Parses a checksum file. */
export const readChecksums = async (path: string): Promise<Checksums> =>
  parseChecksums(await readFile(path, 'utf8'));

/** The checksum of a file. Throws ARTIFACT_CHECKSUM when `source` has no line for it. */
export const checksumOf = (sums: Checksums, name: string, source: string): string => {
  const sum = sums.get(name);
  if (sum !== undefined) return sum;
  throw new CliError('ARTIFACT_CHECKSUM', `${source} has no checksum for ${name}.`, {
    hint: 'The checksum file is damaged or from another release: download it again.',
    details: [`files with a checksum: ${[...sums.keys()].join(', ') || 'none'}`],
  });
};

/** Throws ARTIFACT_CHECKSUM with both checksums when they differ. `shown` is the path or URL for the message. */
export const compareChecksum = (shown: string, expected: string, actual: string): void => {
  if (actual === expected) return;
  throw new CliError('ARTIFACT_CHECKSUM', `${shown} has the wrong checksum.`, {
    hint: 'The file is damaged or from another release: download it again.',
    details: [`expected ${expected}`, `actual   ${actual}`],
  });
};
