import type { LabConfig, NodeConfig, VolumeConfig } from '../config/config.js';
import { brickMachines, storageNodes } from '../config/roles.js';
import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { ask } from '../stages/gluster/ask.js';
import { gluster } from '../stages/gluster/commands.js';
import { parseHeal, type BrickHeal } from '../stages/gluster/parse.js';

/** A file that is being written may be counted in passing: only what stays is owed. */
const LOOKS = 8;
const EVERY_MS = 500;

const refuse = (node: NodeConfig, why: string, details: readonly string[] = []): CliError =>
  new CliError('GLUSTER_DATA_LOST', `${node.name} is not taken away: ${why}.`, {
    details,
    hint: `Its bricks can outlive it: kglab rebuild --node ${node.name} --keep-data`,
  });

/** Why a volume would lose data with this brick, as far as the volume's answer says; undefined when it would not. */
export const whyNotSpare = (
  found: readonly BrickHeal[],
  own: string,
  bricks: readonly string[],
): string | undefined => {
  const away = bricks.find(
    (brick) => brick !== own && found.find((one) => one.brick === brick)?.pending === undefined,
  );
  if (away !== undefined) return `brick ${away} is not online`;
  // What a brick lists, others lack. A brick that is away itself was outvoted at every write since.
  const owed = found.find(({ brick }) => brick === own)?.pending ?? 0;
  return owed === 0 ? undefined : `other bricks still have to heal ${owed} entries from its brick`;
};

const assertVolume = async (
  config: LabConfig,
  volume: VolumeConfig,
  node: NodeConfig,
  asked: string,
  context: StepContext,
): Promise<void> => {
  if (volume.replica === 1) throw refuse(node, `volume ${volume.name} has no other copy of what is there`);
  const bricks = brickMachines(config, volume).map((machine) => `${machine}:${volume.brick}`);
  let why: string | undefined;
  for (let tries = 0; tries < LOOKS; tries += 1) {
    if (tries > 0) await context.clock.sleep(EVERY_MS, context.signal);
    const answer = await ask(context, asked, gluster('volume', 'heal', volume.name, 'info'));
    why = whyNotSpare(parseHeal(answer), `${node.machine}:${volume.brick}`, bricks);
    if (why === undefined) return;
  }
  throw refuse(node, `with it, volume ${volume.name} would lose data (${why})`);
};

/** Throws GLUSTER_DATA_LOST unless everything on the node's bricks is on others as well. */
export const assertSpare = async (
  config: LabConfig,
  node: NodeConfig,
  context: StepContext,
): Promise<void> => {
  const volumes = config.volumes.filter(({ nodes }) => nodes.includes(node.name));
  if (volumes.length === 0) return;
  const machines = await context.provider.list({ signal: context.signal });
  const others = storageNodes(config).filter(({ machine }) => machine !== node.machine);
  const asked = others.find(({ machine }) =>
    machines.some(({ name, state }) => name === machine && state === 'running'),
  );
  if (asked === undefined) throw refuse(node, 'no other machine with bricks runs');
  for (const volume of volumes) await assertVolume(config, volume, node, asked.machine, context);
};
