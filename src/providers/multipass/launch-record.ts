import type { LabRef } from '../../machines/provider.js';
import { quote } from '../../exec/command.js';
import { parseRecordFile, readText } from '../../util/private-files.js';
import { rm } from 'node:fs/promises';
import { replaceFile } from '../../util/replace-file.js';

/** `launching`: written before the launch; its result is not known yet. `made`: confirmed to be this lab's. */
export type Phase = 'launching' | 'made';

interface RecordFile {
  readonly lab: string;
  readonly machines: Readonly<Record<string, Phase>>;
}

const isRecordFile = ({ lab, machines }: RecordFile): boolean =>
  typeof lab === 'string' && typeof machines === 'object' && machines !== null && !Array.isArray(machines);

/** The record of the instances that this lab created: kglab never touches others, whatever their names. */
export class LaunchRecord {
  /** Changes run one after the other: each reads the file and writes it again. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly lab: LabRef,
  ) {}

  /** Phases by name; empty for a lab that created nothing. Throws RECORD_DAMAGED. */
  async read(): Promise<Readonly<Record<string, Phase>>> {
    const text = await readText(this.path);
    if (text === undefined) return {};
    const file = parseRecordFile<RecordFile>(text, this.path, {
      isValid: isRecordFile,
      hint: `Delete the instances of lab ${this.lab.name} (multipass list, then multipass delete --purge MACHINE), then delete the damaged file: rm ${quote(this.path)}`,
    });
    return file.lab === this.lab.id ? file.machines : {};
  }

  /** The phase of a machine; undefined when this lab did not create it. */
  async phase(name: string): Promise<Phase | undefined> {
    return new Map(Object.entries(await this.read())).get(name);
  }

  /** Records a machine. Complete on disk before it returns. */
  note(name: string, phase: Phase): Promise<void> {
    return this.change((machines) => ({ ...machines, [name]: phase }));
  }

  /** Removes a machine from the record. */
  forget(name: string): Promise<void> {
    return this.change((machines) =>
      Object.fromEntries(Object.entries(machines).filter(([other]) => other !== name)),
    );
  }

  /** Removes the file. */
  async discard(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private change(edit: (machines: Readonly<Record<string, Phase>>) => Record<string, Phase>): Promise<void> {
    const next = this.last.then(async () => {
      const file: RecordFile = { lab: this.lab.id, machines: edit(await this.read()) };
      await replaceFile(this.path, `${JSON.stringify(file, null, 2)}\n`);
    });
    this.last = next.catch(() => undefined);
    return next;
  }
}
