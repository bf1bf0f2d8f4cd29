import { reach } from './network.js';
import type { SimBrick, SimMachine, SimVolume, SimWorld } from './world.js';

/** A brick process listens so long after it was started (milliseconds; measured 1-3 s). */
export const BRICK_MS = 1_500;

/** Key of a brick among the stale lists, and as glusterd writes it. */
export const brickName = ({ machine, path }: SimBrick): string => `${machine}:${path}`;

/** Key of a brick process on its machine. */
export const processKey = (volume: SimVolume, path: string): string => `${volume.id}:${path}`;

/** The volume id as the extended attribute of a brick: sixteen bytes. */
export const idBytes = ({ id }: SimVolume): string =>
  (id.replaceAll('-', '').match(/../g) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join('');

/** A volume by its name. */
export const volumeNamed = ({ volumes }: SimWorld, name: string): SimVolume | undefined =>
  Object.values(volumes).find((volume) => volume.name === name);

/** Whether a brick's process listens. */
export const brickRuns = (world: SimWorld, volume: SimVolume, brick: SimBrick): boolean => {
  const started = world.machines[brick.machine]?.running?.bricks[processKey(volume, brick.path)];
  return started !== undefined && world.time >= started + BRICK_MS;
};

const reachable = (world: SimWorld, from: SimMachine, volume: SimVolume, brick: SimBrick): boolean =>
  brickRuns(world, volume, brick) && reach(world, from, brick.machine)?.spec.name === brick.machine;

/** Bricks that must answer in a replica set: the majority of three or more (cluster.quorum-type auto), else one. */
const needed = ({ replica }: SimVolume): number => (replica >= 3 ? Math.floor(replica / 2) + 1 : 1);

/** Whether a client on this machine can use the volume: every replica set has its quorum. */
export const volumeIsLive = (world: SimWorld, from: SimMachine, volume: SimVolume): boolean => {
  if (volume.status !== 'Started') return false;
  for (let start = 0; start < volume.bricks.length; start += volume.replica) {
    const set = volume.bricks.slice(start, start + volume.replica);
    if (set.filter((brick) => reachable(world, from, volume, brick)).length < needed(volume)) return false;
  }
  return true;
};

/** Whether a brick keeps names alone, no content. */
export const isArbiter = ({ arbiter, bricks, replica }: SimVolume, brick: SimBrick): boolean =>
  arbiter > 0 && bricks.indexOf(brick) % replica === replica - 1;

/** Whether a client reaches a brick that has the file, and not only bricks that have yet to be told of it. */
export const isThere = (world: SimWorld, from: SimMachine, name: string, key: string): boolean => {
  const volume = volumeNamed(world, name);
  if (volume === undefined) return false;
  const missing = Object.values(volume.stale);
  if (missing.length === 0) return true;
  return volume.bricks.some(
    (brick) =>
      !isArbiter(volume, brick) &&
      reachable(world, from, volume, brick) &&
      !volume.stale[brickName(brick)]?.includes(key),
  );
};

/** Notes a change for the bricks that a writing client does not reach: they are healed later. */
export const noteWrite = (world: SimWorld, from: SimMachine, name: string, key: string): void => {
  const volume = volumeNamed(world, name);
  for (const brick of volume?.bricks ?? []) {
    if (volume === undefined || reachable(world, from, volume, brick)) continue;
    const list = (volume.stale[brickName(brick)] ??= []);
    if (!list.includes(key)) list.push(key);
  }
};
