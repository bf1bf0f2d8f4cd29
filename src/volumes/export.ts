import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { mapPool } from '../util/pool.js';
import { checksumsOf, differences, type Checksums } from './checksums.js';
import { assertKnownVersion, CATALOGUE_VERSION, type Entry } from './entry.js';
import type { Kept } from './inventory.js';

/** A PV as it is exported. */
export interface ExportedVolume {
  readonly claim: string;
  readonly volume: string;
  readonly entry: Entry;
  readonly checksums?: Checksums;
}

/** A copy of the catalogue, with checksums when they were asked for. */
export interface Export {
  readonly version: number;
  readonly lab: string;
  readonly volumes: readonly ExportedVolume[];
}

/** PVs read at the same time. */
const LIMIT = 2;

/** Copies the catalogue; with checksums of all data when `sums` is set. */
export const exportVolumes = async (
  lab: string,
  kept: readonly Kept[],
  {
    machine,
    context,
    sums,
  }: { readonly machine: string; readonly context: StepContext; readonly sums: boolean },
): Promise<Export> => {
  const volumes = await mapPool(kept, LIMIT, async ({ id, volume, entry, directory }) => ({
    claim: id,
    volume,
    entry,
    ...(sums && { checksums: await checksumsOf(directory.path, machine, context) }),
  }));
  return { version: CATALOGUE_VERSION, lab, volumes };
};

/** Reads an export. Throws CATALOGUE_NEWER for one of a newer kglab, USAGE for something else. */
export const parseExport = (text: string, source: string): Export => {
  let data: Partial<Export> | null;
  try {
    data = JSON.parse(text) as Partial<Export> | null;
  } catch {
    data = null;
  }
  if (typeof data !== 'object' || data === null || !Array.isArray(data.volumes))
    throw new CliError('USAGE', `${source} was not written by \`kglab volumes export\`.`, {
      hint: 'Create an export: kglab volumes export --checksums --to FILE',
    });
  assertKnownVersion(data.version, source);
  return data as Export;
};

/** A PV whose content has changed. */
export interface Difference {
  readonly claim: string;
  readonly lines: readonly string[];
}

/** Compares an export that has checksums with what is on the volumes now. */
export const compareExports = (before: Export, after: Export): readonly Difference[] =>
  before.volumes.flatMap(({ claim, entry, checksums = {} }) => {
    const now = after.volumes.find((one) => one.entry.pv === entry.pv);
    if (now === undefined) return [{ claim, lines: [`the directory ${entry.path} is gone`] }];
    const lines = differences(checksums, now.checksums ?? {});
    return lines.length === 0 ? [] : [{ claim, lines }];
  });
