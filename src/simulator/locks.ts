import type { OpenFile } from './shell/streams.js';
import type { Running, SimMachine } from './world.js';

/** Who has locked which path of a machine: locks are of processes and end with them. */
const held = new WeakMap<Running, Map<string, OpenFile>>();

/** flock(2): whether the open file has the lock now; `once` for one that is closed again at once. */
export const lock = ({ running }: SimMachine, file: OpenFile, once = false): boolean => {
  if (running === undefined) return false;
  const owners = held.get(running) ?? new Map<string, OpenFile>();
  held.set(running, owners);
  const owner = owners.get(file.path);
  if (owner !== undefined && owner !== file) return false;
  if (!once) owners.set(file.path, file);
  return true;
};

/** Gives up the lock of an open file, if it has it. */
export const unlock = ({ running }: SimMachine, file: OpenFile): void => {
  const owners = running && held.get(running);
  if (owners?.get(file.path) === file) owners.delete(file.path);
};
