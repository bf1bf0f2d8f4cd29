import { readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SimWorld } from './world.js';

/** Where a world is kept between two operations. */
export interface WorldStore {
  /** The world as it is; `fresh` makes one when there is none. Called at the start of an operation. */
  open(fresh: () => SimWorld): SimWorld;
  /** Keeps what an operation changed. */
  save(): Promise<void>;
  /** Forgets the world. */
  remove(): Promise<void>;
}

/** A world that lives as long as the process, or as long as somebody holds it. */
export class MemoryStore implements WorldStore {
  constructor(public world?: SimWorld) {}

  open(fresh: () => SimWorld): SimWorld {
    return (this.world ??= fresh());
  }

  save(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    delete this.world;
    return Promise.resolve();
  }
}

/** A world in a file, complete at every moment: other processes and later ones find it there. */
export class FileStore implements WorldStore {
  private world: SimWorld | undefined;
  private stamp = '';
  private text = '';
  private dirty = false;
  private saving: Promise<void> | undefined;

  constructor(private readonly path: string) {}

  open(fresh: () => SimWorld): SimWorld {
    const stamp = this.stampNow();
    if (this.world && (this.dirty || this.saving || stamp === this.stamp)) return this.world;
    this.stamp = stamp;
    if (stamp === '') return (this.world = fresh());
    this.text = readFileSync(this.path, 'utf8');
    return (this.world = JSON.parse(this.text) as SimWorld);
  }

  /** Operations that end at the same time share one write. */
  async save(): Promise<void> {
    this.dirty = true;
    while (this.dirty) {
      this.saving ??= this.write().finally(() => (this.saving = undefined));
      await this.saving;
    }
  }

  async remove(): Promise<void> {
    this.world = undefined;
    this.stamp = '';
    const folder = dirname(this.path);
    await rm(folder, { recursive: true, force: true });
    for (const above of [dirname(folder), dirname(dirname(folder))])
      await rmdir(above).catch(() => undefined);
  }

  private async write(): Promise<void> {
    this.dirty = false;
    const text = JSON.stringify(this.world);
    if (text === this.text) return;
    this.text = text;
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await writeFile(`${this.path}.new`, text, { mode: 0o600 });
    await rename(`${this.path}.new`, this.path);
    this.stamp = this.stampNow();
  }

  private stampNow(): string {
    const found = statSync(this.path, { throwIfNoEntry: false });
    return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : '';
  }
}
