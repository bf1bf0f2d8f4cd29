import { readFileSync, statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../util/clock.js';
import { quote } from '../exec/command.js';
import { parseRecordFile } from '../util/private-files.js';
import { replaceFile } from '../util/replace-file.js';
import { isEmpty, type SimWorld } from './world/world.js';

/** Keeps a world between operations. */
export interface WorldStore {
  /** Returns the current world; `fresh` creates one if there is none. Called when an operation starts. */
  open(fresh: () => SimWorld): SimWorld;
  /** Saves the changes of an operation, at once or a little later. */
  save(): void;
  /** Deletes the world. */
  remove(): Promise<void>;
  /** Path of its file, if there is one now. */
  file(): string | undefined;
}

/** A world in memory. */
export class MemoryStore implements WorldStore {
  constructor(public world?: SimWorld) {}

  open(fresh: () => SimWorld): SimWorld {
    return (this.world ??= fresh());
  }

  save(): void {
    // The world is an object in memory: nothing to do.
  }

  remove(): Promise<void> {
    delete this.world;
    return Promise.resolve();
  }

  file(): undefined {
    return undefined;
  }
}

/** Writing takes at most 1/SHARE of the time; between two writes are at least PAUSE_MS milliseconds. */
const SHARE = 8;
const PAUSE_MS = 50;

/**
 * A world in a file that is complete at every moment, for this process and others. It is written in the background,
 * at the latest when the process ends normally; a process that is killed loses its last changes.
 */
export class FileStore implements WorldStore {
  private world: SimWorld | undefined;
  private stamp = '';
  private content = '';
  private dirty = false;
  /** True while the loop of writes and pauses runs; `busy` during a write. */
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
    const world = parseRecordFile<SimWorld>(readFileSync(this.path, 'utf8'), this.path, {
      isValid: ({ machines }) => typeof machines === 'object',
      hint: `The simulated machines exist only in this file. Start again without them: rm ${quote(this.path)}`,
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
    // A process that changed nothing writes nothing: another one may have written meanwhile.
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
