import { readJson, sleep, withLock, writeJson } from './files.js';
import type { World } from './world.js';

/** Something that is to go wrong; a list of these in faults.json of the state folder. */
export interface Fault {
  /** A command, or `*`. */
  readonly on: string;
  /** What happens; see README.md of this folder. */
  readonly kind: string;
  /** Only for this instance. */
  readonly name?: string;
  /** How often; 0 = for ever. 1 without it. */
  readonly times?: number;
  /** For those that take time. */
  readonly seconds?: number;
}

const file = (world: World): string => world.path('faults.json');

/** The fault of one of these kinds that is due now, and counts it. */
export const take = (
  world: World,
  on: string,
  kinds: readonly string[],
  name?: string,
): Promise<Fault | undefined> => {
  if (readJson<Fault[]>(file(world)) === undefined) return Promise.resolve(undefined);
  return withLock(world.path('faults.lock'), () => {
    const faults = readJson<Fault[]>(file(world)) ?? [];
    const index = faults.findIndex(
      (fault) =>
        (fault.on === on || fault.on === '*') &&
        kinds.includes(fault.kind) &&
        (fault.name === undefined || fault.name === name),
    );
    const fault = faults[index];
    if (fault === undefined || fault.times === 0) return fault;
    const left = (fault.times ?? 1) - 1;
    writeJson(
      file(world),
      left > 0 ? faults.with(index, { ...fault, times: left }) : faults.toSpliced(index, 1),
    );
    return fault;
  });
};

/** An hour: for whoever waits without a deadline, for ever. */
const FOR_EVER_S = 3600;

/** How often it is looked whether a fault is still there, in milliseconds. */
const LOOK_AGAIN_MS = 20;

/** Sleeps through a `hang` that is due; one that is for ever ends when the test takes it away. */
export const hang = async (world: World, on: string, name?: string): Promise<void> => {
  const fault = await take(world, on, ['hang'], name);
  if (fault === undefined) return;
  const end = Date.now() + (fault.seconds ?? FOR_EVER_S) * 1000;
  const isThere = (): boolean =>
    (readJson<Fault[]>(file(world)) ?? []).some((other) => other.on === fault.on && other.kind === 'hang');
  while (Date.now() < end && (fault.times !== 0 || isThere())) await sleep(LOOK_AGAIN_MS);
};
