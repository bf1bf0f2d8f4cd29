import { loadState, saveState } from './glusterd-files.js';
import { wakeKeepers } from '../world/keeper-rounds.js';
import { connected, reach } from '../world/network.js';
import type { Sim } from '../world/sim.js';
import {
  brickName,
  brickRuns,
  emptyBrick,
  haveIt,
  idBytes,
  isMarked,
  isWatched,
  processKey,
  setOf,
} from '../world/volumes.js';
import {
  newUuid,
  type PeerState,
  type SimBrick,
  type SimMachine,
  type SimVolume,
  type SimWorld,
} from '../world/world.js';

const INFO = '/var/lib/glusterd/glusterd.info';
/** From the handshake to "in cluster" (milliseconds). */
const HANDSHAKE_MS = 1_200;
/** From a brick's start to the end of its heal (milliseconds; measured: 6 entries within 6 s). */
const HEAL_MS = 6_000;

/** Whether the machine's glusterd answers. */
export const glusterdRuns = ({ running }: SimMachine): boolean =>
  running?.units['glusterd.service']?.state === 'active';

/** The UUID of the machine's glusterd; creates one if there is none. */
export const uuidOf = (world: SimWorld, { disk }: SimMachine): string => {
  const known = /^UUID=(\S+)$/m.exec(disk[INFO]?.text ?? '')?.[1];
  if (known !== undefined) return known;
  const uuid = newUuid(world);
  for (const dir of ['/var/lib/glusterd', '/var/lib/glusterd/peers', '/var/lib/glusterd/vols'])
    disk[dir] = { kind: 'dir', text: '', mode: '0755' };
  disk[INFO] = { kind: 'file', text: `UUID=${uuid}\noperating-version=100000\n`, mode: '0600' };
  return uuid;
};

/** A peer from one machine's view. */
export interface PeerView {
  readonly uuid: string;
  readonly names: readonly string[];
  readonly connected: boolean;
  /** 3 in cluster, 4 accepted, 6 rejected. */
  readonly state: 3 | 4 | 6;
}

/** The machine with one of the peer's names, if its glusterd answers. */
export const peerMachine = (
  world: SimWorld,
  from: SimMachine,
  { names }: PeerState,
): SimMachine | undefined => {
  for (const name of names) {
    const found = reach(world, from, name);
    if (found && found !== from && glusterdRuns(found)) return found;
  }
  return undefined;
};

const view = (world: SimWorld, from: SimMachine, uuid: string, peer: PeerState): PeerView => {
  const found = peerMachine(world, from, peer);
  const { names } = peer;
  if (found === undefined) return { uuid, names, connected: false, state: 3 };
  const knows = found.peers[uuidOf(world, from)] !== undefined;
  if (uuidOf(world, found) !== uuid || !knows) return { uuid, names, connected: true, state: 6 };
  return { uuid, names, connected: true, state: world.time - peer.since < HANDSHAKE_MS ? 4 : 3 };
};

/** The peers of a machine from its view. */
export const peersOf = (world: SimWorld, from: SimMachine): readonly PeerView[] =>
  Object.entries(from.peers).map(([uuid, peer]) => view(world, from, uuid, peer));

/** Notes brick directories that are missing when glusterd learns of their volumes. */
const noteMissingBricks = (
  world: SimWorld,
  { spec, disk, running }: SimMachine,
  ids: readonly string[],
): void => {
  const bricks = ids.flatMap((id) => world.volumes[id]?.bricks ?? []);
  const missing = bricks.filter(({ machine, path }) => machine === spec.name && disk[path]?.kind !== 'dir');
  if (running && missing.length > 0)
    running.strange = [...(running.strange ?? []), ...missing.map(({ path }) => path)];
};

const learn = (world: SimWorld, from: SimMachine, to: SimMachine): void => {
  const own = uuidOf(world, to);
  for (const [uuid, { names, since }] of Object.entries(from.peers))
    if (uuid !== own && to.peers[uuid] === undefined) to.peers[uuid] = { names: [...names], since };
  const news = from.volumes.filter((id) => !to.volumes.includes(id));
  to.volumes.push(...news);
  noteMissingBricks(world, to, news);
  saveState(world, to);
};

/** Tells a machine of the peers and volumes that were added while it was off. */
export const catchUp = (world: SimWorld, machine: SimMachine): void => {
  for (const peer of Object.values(machine.peers)) {
    const other = peerMachine(world, machine, peer);
    if (other === undefined || other.peers[uuidOf(world, machine)] === undefined) continue;
    const behind =
      Object.keys(other.peers).length > Object.keys(machine.peers).length ||
      other.volumes.length > machine.volumes.length;
    if (behind) learn(world, other, machine);
  }
};

/** Makes two machines peers and tells the whole pool. */
export const makePeers = (
  world: SimWorld,
  from: SimMachine,
  to: SimMachine,
  name: string,
  nameBack: string,
): void => {
  const since = world.time;
  const [one, other] = [uuidOf(world, from), uuidOf(world, to)];
  from.peers[other] = { names: [name], since };
  to.peers[one] ??= { names: [nameBack], since };
  saveState(world, from);
  learn(world, from, to);
  for (const peer of Object.values(from.peers)) {
    const member = peerMachine(world, from, peer);
    if (member && member !== to) learn(world, from, member);
  }
};

const startBrick = (sim: Sim, volume: SimVolume, brick: SimBrick): void => {
  const { machine: name, path } = brick;
  const machine = sim.world.machines[name];
  const key = processKey(volume, path);
  if (!machine?.running || machine.running.bricks[key] !== undefined || !isMarked(sim.world, volume, brick))
    return;
  machine.running.bricks[key] = sim.now;
  wakeKeepers(sim.world);
  // glusterd serves an empty directory with a volume id as it is; the other bricks believe that it is complete.
  if (machine.disk[`${path}/.glusterfs`] === undefined) {
    machine.disk[`${path}/.glusterfs`] = { kind: 'dir', text: '', mode: '0700' };
    emptyBrick(volume, brick, false);
  }
  if (volume.stale[brickName(brick)]) sim.schedule(machine, 'gluster.heal', HEAL_MS, volume.id);
};

/** `reset-brick` to the same path: the other bricks heal everything, if enough of them run. */
export const resetBrick = (sim: Sim, volume: SimVolume, brick: SimBrick): void => {
  const disk = sim.world.machines[brick.machine]?.disk;
  const told = isWatched(sim.world, volume, brick);
  if (disk === undefined) return;
  markBrick(sim.world, volume, brick);
  disk[`${brick.path}/.glusterfs`] = { kind: 'dir', text: '', mode: '0700' };
  emptyBrick(volume, brick, told);
};

/** Sets the volume id on a brick directory. */
export const markBrick = ({ machines }: SimWorld, volume: SimVolume, { machine, path }: SimBrick): void => {
  const host = machines[machine];
  if (host === undefined) return;
  const xattrs = { 'trusted.glusterfs.volume-id': idBytes(volume) };
  host.disk[path] = { kind: 'dir', text: '', mode: '0755', xattrs };
};

/** Starts the bricks of a volume on every machine that glusterd reaches from `from`. */
export const startBricks = (sim: Sim, from: SimMachine, volume: SimVolume): void => {
  for (const brick of volume.bricks) {
    const machine = sim.world.machines[brick.machine];
    if (machine && glusterdRuns(machine) && connected(sim.world, from, machine))
      startBrick(sim, volume, brick);
  }
};

/** Starts glusterd: it reads its state, asks its peers and starts its bricks. */
export const startGlusterd = (sim: Sim, machine: SimMachine): void => {
  const { world } = sim;
  loadState(world, machine);
  if (machine.running) delete machine.running.strange;
  noteMissingBricks(world, machine, machine.volumes);
  uuidOf(world, machine);
  catchUp(world, machine);
  for (const id of machine.volumes) {
    const volume = world.volumes[id];
    const own = volume?.bricks.filter((brick) => brick.machine === machine.spec.name) ?? [];
    if (volume?.status === 'Started') for (const brick of own) startBrick(sim, volume, brick);
  }
};

/** Stops glusterd and its bricks: Debian's unit has KillMode=control-group. */
export const stopGlusterd = ({ running }: SimMachine): void => {
  for (const key of Object.keys(running?.bricks ?? {})) delete running?.bricks[key];
};

/** Heals the machine's bricks of a volume from bricks that have the files. */
export const heal = (sim: Sim, machine: SimMachine, id: string): void => {
  const volume = sim.world.volumes[id];
  for (const brick of volume?.bricks ?? []) {
    const missing = volume?.stale[brickName(brick)];
    if (volume === undefined || missing === undefined || brick.machine !== machine.spec.name) continue;
    const others = setOf(volume, brick).filter((one) => one !== brick && brickRuns(sim.world, volume, one));
    const left = missing.filter(
      (path) => volume.files[path] !== undefined && !haveIt(sim.world, volume, others, path),
    );
    if (!brickRuns(sim.world, volume, brick)) continue;
    if (left.length === 0) delete volume.stale[brickName(brick)];
    else volume.stale[brickName(brick)] = left;
    if (left.length > 0) sim.schedule(machine, 'gluster.heal', HEAL_MS, id);
  }
};
