import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checked } from '../exec/checked.js';
import { cmd, type Executor } from '../exec/command.js';
import { writePrivate } from '../util/private-files.js';

/** A folder for its owner alone in which an archive is put together. Whatever is written passes `redact` first. */
export class EvidenceFolder {
  constructor(
    private readonly path: string,
    private readonly redact: (text: string) => string,
  ) {}

  write(file: string, text: string): Promise<void> {
    return writePrivate(join(this.path, file), this.redact(text));
  }

  /** Copies the files of a folder; none when there is no such folder. */
  async copy(from: string, to: string): Promise<void> {
    const entries = await readdir(from, { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isFile())
        await this.write(join(to, entry.name), await readFile(join(from, entry.name), 'utf8'));
  }

  /** Packs the folder into a new file (0600) and removes it. */
  async pack(target: string, host: Executor): Promise<void> {
    const tar = cmd('tar', '-czf', target, '-C', dirname(this.path), basename(this.path));
    // Made first, empty and private: tar only fills it.
    await writePrivate(target, '');
    try {
      await checked(host, 'host', tar, { code: 'HOST_UNFIT', what: `Writing ${target}` });
    } catch (error) {
      // Half an archive would be taken for a whole one.
      await rm(target, { force: true });
      throw error;
    }
    await this.remove();
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}
