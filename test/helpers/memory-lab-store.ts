import type { LabFiles } from '../../src/engine/context.js';
import { LabStore, type LabRecord } from '../../src/lab/lab-store.js';

/** The id of every lab in memory. */
export const LAB_ID = 'f00dfeed';

/** A lab store in memory that can be copied at any moment. */
export class MemoryLabStore extends LabStore {
  constructor(readonly texts = new Map<string, string>()) {
    super('/memory');
  }

  override names(): Promise<readonly string[]> {
    const folders = [...this.texts.keys()].map((path) => path.split('/')[3] ?? '');
    return Promise.resolve([...new Set(folders)]);
  }

  override load(name: string): Promise<LabRecord | undefined> {
    const text = this.texts.get(`${this.dir(name)}/lab.json`);
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as LabRecord));
  }

  override save(record: LabRecord): Promise<void> {
    this.texts.set(`${this.dir(record.name)}/lab.json`, JSON.stringify(record));
    return Promise.resolve();
  }

  /** The lab as the simulated machines know it. */
  override newId(): string {
    return LAB_ID;
  }

  override token(name: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(`${this.dir(name)}/token`));
  }

  override adoptToken(name: string, token: string): Promise<void> {
    this.texts.set(`${this.dir(name)}/token`, token);
    return Promise.resolve();
  }

  override ensureToken(name: string): Promise<string> {
    const path = `${this.dir(name)}/token`;
    const token = this.texts.get(path) ?? 'a-token-of-this-lab';
    this.texts.set(path, token);
    return Promise.resolve(token);
  }

  override files(name: string): LabFiles {
    return {
      kubeconfig: `${this.dir(name)}/kubeconfig`,
      read: (path) => Promise.resolve(this.texts.get(path)),
      write: (path, content) => Promise.resolve(void this.texts.set(path, content)),
    };
  }

  override remove(name: string): Promise<void> {
    for (const path of [...this.texts.keys()])
      if (path.startsWith(`${this.dir(name)}/`)) this.texts.delete(path);
    return Promise.resolve();
  }
}
