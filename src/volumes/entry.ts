import { CliError } from '../errors/cli-error.js';

/** Format of catalogue entries and exports that this kglab writes and reads. */
export const CATALOGUE_VERSION = 1;

/**
 * What the catalogue knows of a persistent volume. A helper pod writes the first five fields when it makes the
 * directory; the keeper adds the rest as soon as the cluster has the volume.
 */
export interface Entry {
  readonly version: number;
  readonly pv: string;
  readonly path: string;
  /** Size that was asked for, in bytes. */
  readonly bytes?: number;
  readonly volumeMode?: string;
  readonly created?: string;
  readonly volumeType?: 'hostPath' | 'local';
  readonly namespace?: string;
  readonly claim?: string;
  /** Size of the volume, e.g. `128Mi`. */
  readonly capacity?: string;
  /** Size that the claim asks for, where that may be another one: of volumes that no provisioner has made. */
  readonly request?: string;
  readonly accessModes?: readonly string[];
  readonly class?: string;
  readonly reclaim?: string;
  /** Node that the volume is pinned to. */
  readonly node?: string;
}

/** What the name of a directory made by local-path-provisioner says. */
export interface DirectoryName {
  readonly pv: string;
  readonly namespace: string;
  readonly claim: string;
}

/** `pvc-<uid>_<namespace>_<claim>`; none of the parts can have a `_`, so the name tells them apart. */
const DIRECTORY = /^(pvc-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([a-z0-9-]+)_([a-z0-9.-]+)$/;

/** Reads the name of a directory; undefined when no provisioner has made it. */
export const parseDirectoryName = (name: string): DirectoryName | undefined => {
  const [, pv, namespace, claim] = DIRECTORY.exec(name) ?? [];
  return pv === undefined || namespace === undefined || claim === undefined
    ? undefined
    : { pv, namespace, claim };
};

/** Throws CATALOGUE_NEWER for data of a format that this kglab does not know. */
export const assertKnownVersion = (version: unknown, where: string): void => {
  if (version === CATALOGUE_VERSION) return;
  throw new CliError(
    'CATALOGUE_NEWER',
    `${where} has format ${String(version)}; this kglab knows ${CATALOGUE_VERSION}. Nothing was changed.`,
    { hint: 'Use the version of kglab that wrote this catalogue or export, or a newer one.' },
  );
};

/** Reads an entry; undefined when it is damaged. Throws CATALOGUE_NEWER when a newer kglab wrote it. */
export const parseEntry = (text: string, where: string): Entry | undefined => {
  let entry: Partial<Entry> | null;
  try {
    entry = JSON.parse(text) as Partial<Entry> | null;
  } catch {
    return undefined;
  }
  if (typeof entry !== 'object' || entry === null) return undefined;
  assertKnownVersion(entry.version, where);
  return typeof entry.pv === 'string' && typeof entry.path === 'string' ? (entry as Entry) : undefined;
};
