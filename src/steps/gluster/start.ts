import { fresh, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { findVolume, must, processes } from '../../gluster/ask.js';
import { gluster } from '../../gluster/commands.js';
import type { VolumeProcess } from '../../gluster/parse.js';
import { plannedVolumes, type PlannedVolume, type VolumeSpec } from '../../gluster/volume-spec.js';
import { retryable, waitFor } from '../../util/wait.js';

/** How long to wait for bricks (milliseconds): 1-3 s is usual; after this they are started by force. */
const ONLINE_MS = 20_000;

/** Bricks that are not online. `volume status` omits bricks of machines without glusterd; they count as offline. */
export const offline = ({ bricks }: VolumeSpec, found: readonly VolumeProcess[]): readonly string[] =>
  bricks
    .filter(
      ({ machine, path }) => !found.some((one) => one.host === machine && one.path === path && one.online),
    )
    .map(({ machine, path }) => `${machine}:${path}`);

const waitOnline = (volume: VolumeSpec, from: string, context: StepContext): Promise<true | undefined> => {
  const { clock, signal } = context;
  const allOnline = async (): Promise<true | undefined> => {
    const found = await processes(fresh(context), from, volume.name).catch((error: unknown) =>
      retryable(error, signal),
    );
    return !(found instanceof CliError) && offline(volume, found).length === 0 ? true : undefined;
  };
  return waitFor(allOnline, { clock, signal, timeoutMs: ONLINE_MS });
};

/** The volume is started and every brick of it is online. */
export const startVolume = defineStep<PlannedVolume>({
  kind: 'gluster.start',
  inputs: plannedVolumes,
  target: ({ volume }) => volume.name,
  title: ({ volume }) => `Start volume ${volume.name} and wait for its bricks`,
  needs: ({ volume }) => [`gluster.refill:${volume.name}`],
  probe: async ({ volume, from }, context) => {
    if (!(await findVolume(context, from, volume.name))?.started) return pending('the volume is not started');
    const down = offline(volume, await processes(context, from, volume.name));
    return down.length === 0 ? satisfied : pending(`offline bricks: ${down.join(', ')}`);
  },
  apply: async ({ volume, from }, context) => {
    await must(context, from, gluster('volume', 'start', volume.name), /already started/);
    if (await waitOnline(volume, from, context)) return;
    context.say('bricks are offline; starting the volume with `force`');
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
});
