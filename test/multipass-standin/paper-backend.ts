import { spawn, type ChildProcess } from 'node:child_process';
import { readJson, writeJson } from './files.js';
import type { Backend } from './backend.js';
import type { World } from './world.js';

/** Programs that may be run although there is no machine to run them in. */
const HARMLESS = new Set(['true', 'false', 'echo', 'cat', 'printf', 'sleep']);

/** Instances that exist on paper alone: for tests of the command line, without root. */
export class PaperBackend implements Backend {
  constructor(private readonly world: World) {}

  async prepare(): Promise<void> {}
  async lay(): Promise<void> {}
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async remove(): Promise<void> {}

  async isUp(name: string): Promise<boolean> {
    return ['Running', 'Delayed Shutdown'].includes(this.world.get(name)?.state ?? '');
  }

  async isInitialised(): Promise<boolean> {
    return true;
  }

  async addresses(name: string): Promise<readonly string[]> {
    const moved = readJson<number>(this.world.path('moved.json')) ?? 0;
    return [`10.9.8.${10 + moved + this.world.all().findIndex((record) => record.name === name)}`];
  }

  async moveAddress(): Promise<void> {
    writeJson(this.world.path('moved.json'), (readJson<number>(this.world.path('moved.json')) ?? 0) + 100);
  }

  async spawn(_name: string, [file = '', ...args]: readonly string[]): Promise<ChildProcess> {
    if (!HARMLESS.has(file)) throw new Error(`there is no machine to run ${file} in`);
    return spawn(file, args, { stdio: ['pipe', 'inherit', 'inherit'] });
  }
}
