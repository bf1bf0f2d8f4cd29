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

/** The ledger of a lab, written before anything is created. */
export interface LabRecord extends LabRef {
  /** Format of this file. */
  readonly version: 1;
  readonly provider: ProviderId;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The lab file as it was settled by the last `up`. */
  readonly config: LabConfig;
  /** Release of k3s that the lab runs: what `default` means from its first `up` on, whatever else is in the cache. */
  readonly release?: string;
  /** `down` and `rebuild` refuse it. */
  readonly protected?: boolean;
}

/** Bytes of randomness in a lab's id (names things) and in a k3s token (guards the cluster). */
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

/** Reads a record. Throws LAB_UNKNOWN for one that a newer kglab wrote, LEDGER_DAMAGED for what is none. */
export const parseRecord = (text: string, path: string): LabRecord => {
  const record = parseRecordFile<LabRecord>(text, path, {
    isValid: isRecord,
    hint: `Put it back from a backup, or move it away: mv ${quote(path)} ${quote(`${path}.damaged`)}. Machines of provider nspawn are found again without it; look for others by multipass list.`,
  });
  if (record.version === 1) return record;
  throw new CliError(
    'LAB_UNKNOWN',
    `Lab ${record.name} was made by a newer kglab (record version ${String(record.version)}).`,
    { hint: 'Use that version of kglab for this lab.' },
  );
};

/** The text of a record. */
export const printRecord = (record: LabRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** The labs of this user, a folder each. */
export class LabStore {
  /** Every token that this process has met: to be blanked in whatever it writes. */
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

  /** Labs with a record. A folder without one holds no more than the logs of an `up` that never began. */
  async names(): Promise<readonly string[]> {
    const folders = await readdir(join(this.stateDir, 'labs')).catch(() => []);
    const records = await mapPool(folders, LIMIT, (name) =>
      readText(this.recordFile(name)).catch(() => undefined),
    );
    return folders.filter((_name, index) => records[index] !== undefined).sort();
  }

  /** The record of a lab; undefined when there is none. Throws as {@link parseRecord}. */
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

  /** The k3s token of a lab; undefined while none has been chosen. */
  async token(name: string): Promise<string | undefined> {
    const token = (await readText(this.tokenFile(name)))?.trim();
    if (token) this.secrets.add(token);
    return token;
  }

  /** Keeps a token that was found in a running cluster. */
  async adoptToken(name: string, token: string): Promise<void> {
    this.secrets.add(token);
    await writePrivate(this.tokenFile(name), `${token}\n`);
  }

  /** The k3s token of a lab; chosen now if there is none. */
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

  /** Whether the lab has a folder: it may hold no more than the logs of an `up` that never began. */
  async hasFolder(name: string): Promise<boolean> {
    return (await stat(this.dir(name)).catch(() => undefined)) !== undefined;
  }

  /** Forgets a lab: its folder, and the folders above it when they are empty. */
  async remove(name: string): Promise<void> {
    await rm(this.dir(name), { recursive: true, force: true });
    for (const dir of [join(this.stateDir, 'labs'), this.stateDir]) await rmdir(dir).catch(() => undefined);
  }

  /** The file by which one process at a time works on a lab. */
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
