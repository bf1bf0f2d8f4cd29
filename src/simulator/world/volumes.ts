import { reach } from './network.js';
import type { SimBrick, SimMachine, SimVolume, SimWorld } from './world.js';

/** From the start of a brick process until it listens (milliseconds; measured 1-3 s). */
export const BRICK_MS = 1_500;

/** A brick as glusterd writes it; key of `stale` and `lost`. */
export const brickName = ({ machine, path }: SimBrick): string => `${machine}:${path}`;

/** Key of a brick process on its machine. */
export const processKey = (volume: SimVolume, path: string): string => `${volume.id}:${path}`;

/** The volume id as in a brick's extended attribute: sixteen bytes. */
export const idBytes = ({ id }: SimVolume): string =>
  (id.replaceAll('-', '').match(/../g) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join('');

/** A volume by its name. */
export const volumeNamed = ({ volumes }: SimWorld, name: string): SimVolume | undefined =>
  Object.values(volumes).find((volume) => volume.name === name);

/** Whether a brick is online. */
export const brickRuns = (world: SimWorld, volume: SimVolume, brick: SimBrick): boolean => {
  const started = world.machines[brick.machine]?.running?.bricks[processKey(volume, brick.path)];
  return started !== undefined && world.time >= started + BRICK_MS;
};

const reachable = (world: SimWorld, from: SimMachine, volume: SimVolume, brick: SimBrick): boolean =>
  brickRuns(world, volume, brick) && reach(world, from, brick.machine)?.spec.name === brick.machine;

/** The quorum of a set: of three or more replicas the majority (cluster.quorum-type auto), else one. */
const needed = ({ replica, redundancy = 0 }: SimVolume): number => {
  if (redundancy > 0) return replica - redundancy;
  return replica >= 3 ? Math.floor(replica / 2) + 1 : 1;
};

/** The bricks of the same set. */
export const setOf = ({ bricks, replica }: SimVolume, brick: SimBrick): readonly SimBrick[] => {
  const first = Math.floor(bricks.indexOf(brick) / replica) * replica;
  return bricks.slice(first, first + replica);
};

/** Whether a client on this machine can use the volume: it reaches a quorum of every set. */
export const volumeIsLive = (world: SimWorld, from: SimMachine, volume: SimVolume): boolean => {
  if (volume.status !== 'Started') return false;
  for (let start = 0; start < volume.bricks.length; start += volume.replica) {
    const set = volume.bricks.slice(start, start + volume.replica);
    if (set.filter((brick) => reachable(world, from, volume, brick)).length < needed(volume)) return false;
  }
  return true;
};

/** Whether a brick is an arbiter: it keeps names and no content. */
export const isArbiter = ({ arbiter, bricks, replica }: SimVolume, brick: SimBrick): boolean =>
  arbiter > 0 && bricks.indexOf(brick) % replica === replica - 1;

/** Whether a brick's directory has the volume id as its extended attribute. */
export const isMarked = ({ machines }: SimWorld, volume: SimVolume, { machine, path }: SimBrick): boolean =>
  machines[machine]?.disk[path]?.xattrs?.['trusted.glusterfs.volume-id'] === idBytes(volume);

/** Whether a brick has its copy (or fragment) of a file. */
export const holds = (world: SimWorld, volume: SimVolume, brick: SimBrick, key: string): boolean => {
  const name = brickName(brick);
  const isFilled = world.machines[brick.machine]?.disk[`${brick.path}/.glusterfs`] !== undefined;
  if (!isFilled || !isMarked(world, volume, brick) || volume.files[key] === undefined) return false;
  return !volume.stale[name]?.includes(key) && !volume.lost?.[name]?.includes(key);
};

/** How many bricks it takes to read a file: one, or the data bricks of a disperse set. */
const partsOf = ({ replica, redundancy = 0 }: SimVolume): number =>
  redundancy > 0 ? replica - redundancy : 1;

/** Whether a file can be read from these bricks. */
export const haveIt = (
  world: SimWorld,
  volume: SimVolume,
  bricks: readonly SimBrick[],
  key: string,
): boolean =>
  bricks.filter((brick) => !isArbiter(volume, brick) && holds(world, volume, brick, key)).length >=
  partsOf(volume);

/** Whether a client can read a file from the bricks that it reaches. */
export const isThere = (world: SimWorld, from: SimMachine, name: string, key: string): boolean => {
  const volume = volumeNamed(world, name);
  if (volume?.files[key] === undefined) return false;
  const reached = volume.bricks.filter((brick) => reachable(world, from, volume, brick));
  return haveIt(world, volume, reached, key);
};

/** Whether a client lists a file. A listing is read from one brick: that of the client's machine, if there is one. */
export const isListed = (world: SimWorld, from: SimMachine, name: string, key: string): boolean => {
  const volume = volumeNamed(world, name);
  if (volume === undefined) return false;
  const asked = volume.bricks.filter(
    (brick) => reachable(world, from, volume, brick) && !volume.stale[brickName(brick)]?.includes(key),
  );
  const read = asked.find(({ machine }) => machine === from.spec.name) ?? asked[0];
  return read !== undefined && holds(world, volume, read, key);
};

/** Notes a write as a pending heal of the bricks that the client does not reach. */
export const noteWrite = (world: SimWorld, from: SimMachine, name: string, key: string): void => {
  const volume = volumeNamed(world, name);
  for (const brick of volume?.bricks ?? []) {
    if (volume === undefined) continue;
    const place = brickName(brick);
    if (reachable(world, from, volume, brick)) {
      const lost = volume.lost?.[place];
      if (lost?.includes(key)) lost.splice(lost.indexOf(key), 1);
      continue;
    }
    const list = (volume.stale[place] ??= []);
    if (!list.includes(key)) list.push(key);
  }
};

/** Empties a brick. If the other bricks are `told`, they heal it; if not, its files are lost unnoticed. */
export const emptyBrick = (volume: SimVolume, brick: SimBrick, told: boolean): void => {
  const name = brickName(brick);
  const all = Object.keys(volume.files);
  const { [name]: _before, ...lost } = volume.lost ?? {};
  if (told) {
    volume.stale[name] = all;
    volume.lost = lost;
  } else volume.lost = { ...lost, [name]: all.filter((key) => !volume.stale[name]?.includes(key)) };
};

/** Whether enough other bricks of the set run to note the pending heals of this one. */
export const isWatched = (world: SimWorld, volume: SimVolume, brick: SimBrick): boolean =>
  setOf(volume, brick).filter((one) => one !== brick && brickRuns(world, volume, one)).length >=
  needed(volume);

/** The brick that a path of a machine's disk is in, and the file's path on the volume. */
export const brickAt = (
  world: SimWorld,
  { spec }: SimMachine,
  path: string,
): { readonly volume: SimVolume; readonly brick: SimBrick; readonly key: string } | undefined => {
  for (const volume of Object.values(world.volumes))
    for (const brick of volume.bricks)
      if (brick.machine === spec.name && (path === brick.path || path.startsWith(`${brick.path}/`)))
        return { volume, brick, key: path.slice(brick.path.length) };
  return undefined;
};
