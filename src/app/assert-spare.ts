import type { LabConfig, NodeConfig } from '../config/config.js';
import { storageNodes } from '../config/roles.js';
import { VOLUME_TYPES } from '../config/volume-types.js';
import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { ask, volumesOn } from '../gluster/ask.js';
import { gluster } from '../gluster/commands.js';
import { parseHeal, type BrickHeal, type Volume } from '../gluster/parse.js';
import { nameOf, specOf, volumeSpec, type Brick, type VolumeSpec } from '../gluster/volume-spec.js';
import { mapPool } from '../util/pool.js';

/** A file being written may count as a pending heal for a moment: only a lasting count matters. */
const LOOKS = 8;
const EVERY_MS = 500;

/** Machines asked at the same time. */
const LIMIT = 8;

const refuse = (node: NodeConfig, why: string, details: readonly string[] = []): CliError =>
  new CliError('GLUSTER_DATA_LOST', `Refusing to remove ${node.name}: ${why}.`, {
    details,
    hint: `Keep the bricks of ${node.name}: kglab rebuild --node ${node.name} --keep-data`,
  });

/** Why the volume would lose data without this brick, from its heal info; undefined if it would not. */
export const whyNotSpare = (
  found: readonly BrickHeal[],
  own: string,
  volume: VolumeSpec,
): string | undefined => {
  const pendingOn = (name: string): number | undefined => found.find(({ brick }) => brick === name)?.pending;
  const away = volume.bricks.map(nameOf).find((name) => name !== own && pendingOn(name) === undefined);
  if (away !== undefined) return `brick ${away} is not online`;
  // A brick lists the entries that other bricks still need from it.
  const owed = pendingOn(own);
  if (owed === undefined)
    return VOLUME_TYPES[volume.type].outvotes(volume)
      ? undefined
      : 'the brick of this node is offline and may hold the only copy of some files; start it first: kglab up';
  return owed === 0
    ? undefined
    : `other bricks still lack ${owed} ${owed === 1 ? 'file' : 'files or directories'} that the brick of this node has; wait for the heal`;
};

const assertVolume = async (
  volume: VolumeSpec,
  own: Brick,
  node: NodeConfig,
  asked: string,
  context: StepContext,
): Promise<void> => {
  if (!VOLUME_TYPES[volume.type].heals(volume))
    throw refuse(node, `volume ${volume.name} has no copy of its data on other nodes`);
  let why: string | undefined;
  for (let tries = 0; tries < LOOKS; tries += 1) {
    if (tries > 0) await context.clock.sleep(EVERY_MS, context.signal);
    const answer = await ask(context, asked, gluster('volume', 'heal', volume.name, 'info'));
    why = whyNotSpare(parseHeal(answer), nameOf(own), volume);
    if (why === undefined) return;
  }
  throw refuse(node, `volume ${volume.name} would lose data (${why})`);
};

/** The peer that knows most volumes, and these volumes: a recreated peer may know none yet. */
const bestInformed = async (
  machines: readonly string[],
  context: StepContext,
): Promise<{ readonly asked: string; readonly known: readonly Volume[] } | undefined> => {
  const views = await mapPool(machines, LIMIT, async (asked) => ({
    asked,
    known: await volumesOn(asked, context).catch(() => []),
  }));
  context.signal.throwIfAborted();
  return views.sort((a, b) => b.known.length - a.known.length)[0];
};

/**
 * Throws GLUSTER_DATA_LOST unless other bricks have everything that the node's bricks have. This covers the volumes of
 * the lab file and dedicated volumes, which only the pool knows.
 */
export const assertSpare = async (
  config: LabConfig,
  node: NodeConfig,
  context: StepContext,
): Promise<void> => {
  if (!node.roles.includes('storage')) return;
  const machines = await context.provider.list({ signal: context.signal });
  const running = machines.filter(({ state }) => state === 'running').map(({ name }) => name);
  const others = storageNodes(config).map(({ machine }) => machine);
  const view = await bestInformed(
    others.filter((machine) => machine !== node.machine && running.includes(machine)),
    context,
  );
  if (view === undefined) throw refuse(node, 'no other machine with bricks is running');
  const planned = config.volumes.map((volume) => volumeSpec(config, volume));
  const claims = view.known.filter(({ name }) => !planned.some((one) => one.name === name)).map(specOf);
  for (const volume of [...planned, ...claims])
    for (const brick of volume.bricks.filter(({ machine }) => machine === node.machine))
      await assertVolume(volume, brick, node, view.asked, context);
};
