import { fresh, pending, satisfied, type StepContext, type StepHandler } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { sh } from '../../exec/command.js';
import type { VolumeSpec } from '../../gluster/volume-spec.js';
import { unanswered, waitFor } from '../../util/wait.js';
import { must, processes, volumes } from '../../gluster/ask.js';
import { brickState } from './brick-state.js';
import { createVolume, gluster } from '../../gluster/commands.js';
import type { Volume, VolumeProcess } from '../../gluster/parse.js';

/** Bricks follow `volume start` by 1-3 s; after this long they are started again by force. */
const ONLINE_MS = 20_000;

const find = async (context: StepContext, from: string, name: string): Promise<Volume | undefined> =>
  (await volumes(context, from)).find((volume) => volume.name === name);

/** The brick directory exists and is either ours or empty; anything else is left alone and refused. */
export const brickHandler: StepHandler<'gluster.brick'> = {
  probe: async ({ brick, volume, from }, context) => {
    const { state, hollow } = await brickState(brick, context);
    if (state === 'missing') return pending('the brick directory does not exist');
    if (state === 'empty') return satisfied;
    const known = await volumes(context, from);
    if (known.find(({ name }) => name === volume)?.id.replaceAll('-', '') === state) return satisfied;
    // Gluster marks bricks before a volume exists: the mark of a creation that was cut short means nothing.
    if (hollow && !known.some(({ id }) => id.replaceAll('-', '') === state)) return satisfied;
    const owner =
      state === 'unmarked' ? 'files that are not from Gluster' : `data of another volume (id ${state})`;
    throw new CliError(
      'GLUSTER_BRICK_LEFTOVER',
      `${brick.machine}:${brick.path} holds ${owner}; it is left alone.`,
      {
        hint: `Move it away, or choose another gluster.brick in lab.yaml. To look: kglab exec ${brick.machine} -- ls -la ${brick.path}`,
      },
    );
  },
  apply: async ({ brick: { machine, path } }, context) => {
    await checked(context.machine(machine), machine, sh('mkdir -p "$1"', path), {
      code: 'GLUSTER_FAILED',
      what: `Making brick directory ${machine}:${path}`,
      hint: `See whether its disk is full: kglab exec ${machine} -- df -h\nThen run \`kglab up\` again.`,
      signal: context.signal,
    });
  },
};

/** How an existing volume differs from the wanted one; undefined when it does not. */
export const difference = (wanted: VolumeSpec, found: Volume): string | undefined => {
  const bricks = wanted.bricks.map(({ machine, path }) => `${machine}:${path}`);
  if (bricks.join() !== found.bricks.join()) return `its bricks are ${found.bricks.join(' ')}`;
  const arbiter = wanted.type === 'arbiter' ? 1 : 0;
  if (found.arbiter !== arbiter) return `it has ${found.arbiter} arbiter bricks`;
  if (wanted.type === 'disperse') {
    if (found.disperse !== wanted.replica) return `it has ${found.disperse} bricks in a disperse set`;
    return found.redundancy === wanted.redundancy ? undefined : `its redundancy is ${found.redundancy}`;
  }
  if (found.disperse > 0) return 'it is a disperse volume';
  return found.replica === wanted.replica ? undefined : `its replica count is ${found.replica}`;
};

/** The volume exists, in this very shape. */
export const volumeHandler: StepHandler<'gluster.volume'> = {
  probe: async ({ volume, from }, context) => {
    const found = await find(context, from, volume.name);
    if (found === undefined) return pending('the volume does not exist');
    const differs = difference(volume, found);
    if (differs === undefined) return satisfied;
    throw new CliError('GLUSTER_VOLUME_DIFFERS', `Volume ${volume.name} does not fit lab.yaml: ${differs}.`, {
      hint: 'Bricks of a volume with data are not rearranged. Put lab.yaml back, or give the volume another name.',
    });
  },
  apply: async ({ volume, from }, context) => {
    await must(context, from, createVolume(volume), /already exists/);
  },
};

/** Bricks of a volume that are not online; those of a machine whose glusterd is down do not even show. */
export const offline = ({ bricks }: VolumeSpec, found: readonly VolumeProcess[]): readonly string[] =>
  bricks
    .filter(
      ({ machine, path }) => !found.some((one) => one.host === machine && one.path === path && one.online),
    )
    .map(({ machine, path }) => `${machine}:${path}`);

const waitOnline = (volume: VolumeSpec, from: string, context: StepContext): Promise<true | undefined> => {
  const { clock, signal } = context;
  const look = async (): Promise<true | undefined> => {
    const found = await processes(fresh(context), from, volume.name).catch((error: unknown) =>
      unanswered(error, signal),
    );
    return !(found instanceof CliError) && offline(volume, found).length === 0 ? true : undefined;
  };
  return waitFor(look, { clock, signal, timeoutMs: ONLINE_MS });
};

/** The volume is started and every brick of it is online. */
export const startHandler: StepHandler<'gluster.start'> = {
  probe: async ({ volume, from }, context) => {
    if (!(await find(context, from, volume.name))?.started) return pending('the volume is not started');
    const down = offline(volume, await processes(context, from, volume.name));
    return down.length === 0 ? satisfied : pending(`${down.join(', ')} offline`);
  },
  apply: async ({ volume, from }, context) => {
    await must(context, from, gluster('volume', 'start', volume.name), /already started/);
    if (await waitOnline(volume, from, context)) return;
    context.say('bricks are missing; starting them by force');
    await must(context, from, gluster('volume', 'start', volume.name, 'force'));
    if (await waitOnline(volume, from, context)) return;
    const down = offline(volume, await processes(fresh(context), from, volume.name));
    throw new CliError(
      'GLUSTER_BRICKS_OFFLINE',
      `Bricks of ${volume.name} do not come online: ${down.join(', ')}.`,
      {
        hint: `See the brick logs: kglab exec ${down[0]?.split(':')[0] ?? from} -- sh -c 'tail -n 30 /var/log/glusterfs/bricks/*.log'`,
      },
    );
  },
};
