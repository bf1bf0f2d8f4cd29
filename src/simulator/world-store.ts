import { readFileSync, statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../util/clock.js';
import { quote } from '../exec/command.js';
import { parseNotes } from '../util/private-files.js';
import { replaceFile } from '../util/replace-file.js';
import { isEmpty, type SimWorld } from './world/world.js';

/** Where a world is kept between two operations. */
export interface WorldStore {
  /** The world as it is; `fresh` makes one when there is none. Called at the start of an operation. */
  open(fresh: () => SimWorld): SimWorld;
  /** Keeps what an operation changed; may do so a little later. */
  save(): void;
  /** Forgets the world. */
  remove(): Promise<void>;
  /** The file that there is of it now, if any. */
  file(): string | undefined;
}

/** A world that lives as long as the process, or as long as somebody holds it. */
export class MemoryStore implements WorldStore {
  constructor(public world?: SimWorld) {}

  open(fresh: () => SimWorld): SimWorld {
    return (this.world ??= fresh());
  }

  save(): void {
    // It is kept by being held.
  }

  remove(): Promise<void> {
    delete this.world;
    return Promise.resolve();
  }

  file(): undefined {
    return undefined;
  }
}

/** A write takes at most this part of the time, however large the world is; and two are this far apart (ms). */
const SHARE = 8;
const PAUSE_MS = 50;

/**
 * A world in a file, complete at every moment: other processes and later ones find it there. It is written behind the
 * operations, at the latest when the process ends by itself; one that is killed takes its last moments along.
 */
export class FileStore implements WorldStore {
  private world: SimWorld | undefined;
  private stamp = '';
  private content = '';
  private dirty = false;
  /** Writes and pauses by turns; `busy` while it writes. */
  private writing = false;
  private busy = false;
  private failure: Error | undefined;

  constructor(
    private readonly path: string,
    /** The host's time. */
    private readonly clock: Clock,
  ) {}

  open(fresh: () => SimWorld): SimWorld {
    if (this.world && (this.dirty || this.busy)) return this.world;
    const stamp = this.stampNow();
    if (this.world && stamp === this.stamp) return this.world;
    this.stamp = stamp;
    if (stamp === '') return (this.world = fresh());
    const world = parseNotes<SimWorld>(readFileSync(this.path, 'utf8'), this.path, {
      isRight: ({ machines }) => typeof machines === 'object',
      hint: `Its machines live nowhere else. Begin anew without them: rm ${quote(this.path)}`,
    });
    this.content = JSON.stringify({ ...world, time: 0 });
    return (this.world = world);
  }

  save(): void {
    if (this.failure !== undefined) throw this.failure;
    this.dirty = true;
    if (!this.writing) this.writeAll().catch((error: Error) => (this.failure = error));
  }

  async remove(): Promise<void> {
    this.world = undefined;
    this.dirty = false;
    while (this.writing) await this.clock.sleep(PAUSE_MS);
    this.stamp = '';
    const folder = dirname(this.path);
    await rm(folder, { recursive: true, force: true });
    for (const above of [dirname(folder), dirname(dirname(folder))])
      await rmdir(above).catch(() => undefined);
  }

  file(): string | undefined {
    return this.stampNow() === '' ? undefined : this.path;
  }

  private async writeAll(): Promise<void> {
    this.writing = true;
    while (this.dirty) {
      const start = this.clock.now();
      this.busy = true;
      await this.write();
      this.busy = false;
      await this.clock.sleep(Math.max(PAUSE_MS, SHARE * (this.clock.now() - start)));
    }
    this.writing = false;
  }

  private async write(): Promise<void> {
    this.dirty = false;
    if (this.world === undefined || (this.stampNow() === '' && isEmpty(this.world))) return;
    // Who only looked writes nothing: another process may have written meanwhile.
    const content = JSON.stringify({ ...this.world, time: 0 });
    if (content === this.content) return;
    this.content = content;
    const text = JSON.stringify(this.world);
    await replaceFile(this.path, text);
    this.stamp = this.stampNow();
  }

  private stampNow(): string {
    const found = statSync(this.path, { throwIfNoEntry: false });
    return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : '';
  }
}
