import type { StepContext } from '../engine/context.js';
import { checked } from '../exec/checked.js';
import { sh } from '../exec/command.js';
import { sha256 } from '../util/checksum.js';

/** SHA-256 by file, paths relative to the volume's directory; links and empty directories by their own lines. */
export type Checksums = Readonly<Record<string, string>>;

/**
 * Prints `<sum>  <path>` for every file below $1, `link:<target>  <path>` for links, `directory  <path>` for the rest.
 * A file that cannot be read fails the whole. Names with a newline are escaped by sha256sum, which marks such a line
 * with a leading backslash.
 */
const SUMS = `
set -e
cd "$1"
find . -type f -exec sha256sum {} +
find . -type l -printf 'link:%l  %p\\n'
find . -mindepth 1 -type d -printf 'directory  %p\\n'`;

/** Reading everything on a volume once; a lab's volumes have some GiB at most. */
const SUMS_MS = 1_800_000;

/** Reads what {@link SUMS} printed. */
export const parseChecksums = (text: string): Checksums =>
  Object.fromEntries(
    text
      .split('\n')
      .map((line) => /^(\\?\S+|link:.*?) {2}\.\/(.+)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, sum = '', path = '']) => [path, sum.replace(/^\\/, '')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** One sum over all of them. */
export const digestOf = (sums: Checksums): string =>
  sha256(JSON.stringify(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1))));

/** Checksums of all that a directory holds. Throws VOLUME_FAILED when something cannot be read. */
export const checksumsOf = async (
  path: string,
  machine: string,
  context: StepContext,
): Promise<Checksums> => {
  const { stdout } = await checked(context.machine(machine), machine, sh(SUMS, path), {
    code: 'VOLUME_FAILED',
    what: `Reading ${path} on ${machine}`,
    signal: context.signal,
    timeoutMs: SUMS_MS,
  });
  return parseChecksums(stdout);
};

/** How two states of a directory differ: a line for each path. */
export const differences = (before: Checksums, after: Checksums): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((path) => {
    const [was, is] = [before[path], after[path]];
    if (was === is) return [];
    if (was === undefined) return [`+ ${path}`];
    return is === undefined ? [`- ${path}`] : [`~ ${path}`];
  });
