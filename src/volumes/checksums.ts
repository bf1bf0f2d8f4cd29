import type { StepContext } from '../engine/context.js';
import { checked } from '../exec/checked.js';
import { sha256 } from '../util/checksum.js';
import { guestScript } from '../guest/script.js';

/** SHA-256 by file, paths relative to the volume's directory; links and empty directories by their own lines. */
export type Checksums = Readonly<Record<string, string>>;

/** Reading everything on a volume once; a lab's volumes have some GiB at most. */
const SUMS_MS = 1_800_000;

/** Reads what `checksums` of volumes.sh printed. */
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
  const { stdout } = await checked(
    context.machine(machine),
    machine,
    guestScript('volumes.sh', 'checksums', path),
    {
      code: 'VOLUME_FAILED',
      what: `Reading ${path} on ${machine}`,
      signal: context.signal,
      timeoutMs: SUMS_MS,
    },
  );
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
