import { randomBytes } from 'node:crypto';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabConfig } from '../config/config.js';
import type { LabFiles } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import type { LabRef } from '../machines/provider.js';
import type { ProviderId } from '../providers/registry.js';
import { quote } from '../exec/command.js';
import { parseRecordFile, readText, writePrivate } from '../util/private-files.js';
import { mapPool } from '../util/pool.js';

/** The record of a lab, written before anything is created. */
export interface LabRecord extends LabRef {
  /** Format of this file. */
  readonly version: 1;
  readonly provider: ProviderId;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The configuration of the last `up`. */
  readonly config: LabConfig;
  /** The k3s release that `default` means for this lab since its first `up`, whatever the cache has now. */
  readonly release?: string;
  /** `down` and `rebuild` refuse the lab. */
  readonly protected?: boolean;
}

/** Random bytes of a lab's id (used in names) and of a k3s token (a secret). */
const ID_BYTES = 6;
const TOKEN_BYTES = 24;

/** Files read at the same time. */
const LIMIT = 8;

/** Random hexadecimal text, two digits a byte. */
export const randomHex = (bytes: number): string => randomBytes(bytes).toString('hex');

const isRecord = ({ version, name, id, provider, config }: LabRecord): boolean =>
  typeof version === 'number' &&
  (version !== 1 ||
    ([name, id, provider].every((text) => typeof text === 'string') && config instanceof Object));

const restoreOrMove = (path: string): string =>
  `Restore the file from a backup, or move it away: mv ${quote(path)} ${quote(`${path}.damaged`)}\nAn nspawn lab: kglab then recovers its record. A multipass lab: find its machines (multipass list) and remove them (multipass delete --purge NAME).`;

/** Parses a record. Throws LAB_UNKNOWN for one of a newer kglab, RECORD_DAMAGED with `hint` for anything else. */
export const parseRecord = (text: string, path: string, hint = restoreOrMove(path)): LabRecord => {
  const record = parseRecordFile<LabRecord>(text, path, {
    isValid: isRecord,
    hint,
  });
  if (record.version === 1) return record;
  throw new CliError(
    'LAB_UNKNOWN',
    `Lab ${record.name} was created by a newer kglab (record version ${String(record.version)}).`,
    { hint: 'Use that version of kglab for this lab.' },
  );
};

/** The text of a record. */
export const printRecord = (record: LabRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** The labs of this user, one folder each. */
export class LabStore {
  /** Every token that this process knows; redacted in everything it writes. */
  readonly secrets = new Set<string>();

  constructor(private readonly stateDir: string) {}

  /** The folder of a lab. */
  dir(name: string): string {
    return join(this.stateDir, 'labs', name);
  }

  /** Folder of a lab's debug logs. */
  logDir(name: string): string {
    return join(this.dir(name), 'logs');
  }

  /** Labs with a record. A folder without one holds only logs of a failed `up`. */
  async names(): Promise<readonly string[]> {
    const folders = await readdir(join(this.stateDir, 'labs')).catch(() => []);
    const records = await mapPool(folders, LIMIT, (name) =>
      readText(this.recordFile(name)).catch(() => undefined),
    );
    return folders.filter((_name, index) => records[index] !== undefined).sort();
  }

  /** The record of a lab; undefined if there is none. Throws as {@link parseRecord}. */
  async load(name: string): Promise<LabRecord | undefined> {
    const text = await readText(this.recordFile(name));
    return text === undefined ? undefined : parseRecord(text, this.recordFile(name));
  }

  save(record: LabRecord): Promise<void> {
    return writePrivate(this.recordFile(record.name), printRecord(record));
  }

  /** An id for a new lab. */
  newId(): string {
    return randomHex(ID_BYTES);
  }

  /** The k3s token of a lab; undefined if there is none yet. */
  async token(name: string): Promise<string | undefined> {
    const token = (await readText(this.tokenFile(name)))?.trim();
    if (token) this.secrets.add(token);
    return token;
  }

  /** Saves a token, e.g. one found in a running cluster. */
  async adoptToken(name: string, token: string): Promise<void> {
    this.secrets.add(token);
    await writePrivate(this.tokenFile(name), `${token}\n`);
  }

  /** The k3s token of a lab; creates one if needed. */
  async ensureToken(name: string): Promise<string> {
    const known = await this.token(name);
    if (known) return known;
    const token = randomHex(TOKEN_BYTES);
    await this.adoptToken(name, token);
    return token;
  }

  /** Host files that steps may read and write. */
  files(name: string): LabFiles {
    return { kubeconfig: join(this.dir(name), 'kubeconfig'), read: readText, write: writePrivate };
  }

  /** Whether the lab has a folder, which may hold only logs of a failed `up`. */
  async hasFolder(name: string): Promise<boolean> {
    return (await stat(this.dir(name)).catch(() => undefined)) !== undefined;
  }

  /** Removes the folder of a lab, and the folders above it if they are empty. */
  async remove(name: string): Promise<void> {
    await rm(this.dir(name), { recursive: true, force: true });
    for (const dir of [join(this.stateDir, 'labs'), this.stateDir]) await rmdir(dir).catch(() => undefined);
  }

  /** The lock of a lab: one process at a time works on it. */
  lockFile(name: string): string {
    return join(this.dir(name), 'lock');
  }

  private tokenFile(name: string): string {
    return join(this.dir(name), 'token');
  }

  private recordFile(name: string): string {
    return join(this.dir(name), 'lab.json');
  }
}
