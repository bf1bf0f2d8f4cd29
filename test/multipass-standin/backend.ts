import type { ChildProcess } from 'node:child_process';
import type { Record_, World } from './world.js';

/** What instances are made of. */
export interface Backend {
  /** Makes bridge, image and whatever else machines stand on. */
  prepare(): Promise<void>;
  /** Makes the machine's disk, with the seed of cloud-init. */
  lay(record: Record_): Promise<void>;
  /** Boots it and waits until commands can be run in it. */
  start(name: string): Promise<void>;
  stop(name: string, force: boolean): Promise<void>;
  remove(name: string): Promise<void>;
  isUp(name: string): Promise<boolean>;
  /** Whether cloud-init has ended. */
  isInitialised(name: string): Promise<boolean>;
  /** IPv4 addresses, the management address first. */
  addresses(name: string): Promise<readonly string[]>;
  /** Gives a machine that is off another address. */
  moveAddress(name: string): Promise<void>;
  /** Runs words in the machine as user ubuntu; stdin is a pipe unless it is a terminal. */
  spawn(name: string, words: readonly string[], terminal: boolean): Promise<ChildProcess>;
}

/** The backend that the environment asks for. */
export const backendOf = async (world: World): Promise<Backend> =>
  world.backendName === 'none'
    ? new (await import('./paper-backend.js')).PaperBackend(world)
    : new (await import('./nspawn-backend.js')).NspawnBackend(world);
