import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isClaimed, readJson, withLock, writeJson } from './files.js';
import { profileOf, type Profile } from './profile.js';

/** An instance as the stand-in's daemon has it. */
export interface Record_ {
  readonly name: string;
  readonly state: string;
  readonly image: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  readonly zone: string;
  readonly userData: string;
  readonly snapshots: readonly string[];
}

/** One daemon with its instances, settings and faults: a folder. */
export class World {
  readonly profile: Profile;
  readonly backendName: 'nspawn' | 'none';
  /** Name and id under which the machines of this daemon are made. */
  readonly lab: { readonly name: string; readonly id: string };

  constructor(
    readonly dir: string,
    readonly env: NodeJS.ProcessEnv,
  ) {
    this.profile = profileOf(env['FAKE_VERSION']);
    this.backendName = env['MULTIPASS_STANDIN_BACKEND'] === 'none' ? 'none' : 'nspawn';
    const id = createHash('sha256').update(dir).digest('hex').slice(0, 12);
    this.lab = { name: `mp${id.slice(0, 6)}`, id };
    for (const folder of ['instances', 'preparing', 'jobs', 'images'])
      mkdirSync(join(dir, folder), { recursive: true });
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  /** Writes down who called what, for tests to look at. */
  note(argv: readonly string[]): void {
    appendFileSync(this.path('calls.log'), `${JSON.stringify(argv)}\n`);
  }

  get(name: string): Record_ | undefined {
    return /^[\w-]+$/.test(name) ? readJson<Record_>(this.path('instances', `${name}.json`)) : undefined;
  }

  /** Runs `work` while nobody else makes, switches or removes that instance. Not within itself. */
  alone<T>(name: string, work: () => Promise<T> | T): Promise<T> {
    return withLock(this.path('locks', name), work);
  }

  put(record: Record_): void {
    writeJson(this.path('instances', `${record.name}.json`), record);
  }

  setState(name: string, state: string): void {
    const record = this.get(name);
    if (record !== undefined) this.put({ ...record, state });
  }

  drop(name: string): void {
    rmSync(this.path('instances', `${name}.json`), { force: true });
  }

  /** Live instances first, deleted ones after them. */
  all(): readonly Record_[] {
    const records = readdirSync(this.path('instances'))
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => this.get(file.slice(0, -5)) ?? []);
    return [
      ...records.filter(({ state }) => state !== 'Deleted'),
      ...records.filter(({ state }) => state === 'Deleted'),
    ];
  }

  /** Whether an image is being fetched or prepared for that name. */
  isPreparing(name: string): boolean {
    return isClaimed(this.path('preparing', name));
  }

  setting(key: string): string | undefined {
    return (readJson<Record<string, string>>(this.path('settings.json')) ?? {})[key];
  }
}
