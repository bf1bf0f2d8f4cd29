import type { Lab } from '../../lab/lab.js';
import { knownLab } from '../../lab/open.js';
import { assertRealMachines } from '../../lab/rehearsal.js';
import { findArtifacts, lookingContext, runContext } from '../../lab/run-context.js';
import type { World } from '../../lab/world.js';
import { glusterMachine, serverMachine } from '../../config/roles.js';
import { CliError } from '../../errors/cli-error.js';
import type { LabRecord } from '../../lab/lab-store.js';
import { clusterVolumes, type ClusterVolumes } from '../../volumes/cluster.js';
import { inventory, stillKept, type Kept } from '../../volumes/inventory.js';
import type { VolumesContext } from '../../volumes/quarantine.js';
import { syncCatalogue } from '../../volumes/requests.js';
import { survey, type Surveyed } from '../../volumes/survey.js';
import type { LabFlags } from './flags.js';
import { labName } from './load-lab.js';
import type { Session } from './session.js';
import { withLock as withLabLock } from '../../lab/with-lock.js';
import { openWorld } from './open-world.js';
import { stderr } from './streams.js';

/** A lab that a command about volumes works on. */
export interface OpenDesk extends VolumesContext {
  readonly lab: Lab;
  readonly record: LabRecord;
  readonly world: World;
}

/** Opens a lab that exists. Throws USAGE when it is a simulated one. */
export const openDesk = async (session: Session, flags: LabFlags, what: string): Promise<OpenDesk> => {
  const world = await openWorld(session, flags, { what });
  const lab = await knownLab(await labName(flags), world);
  assertRealMachines(lab);
  return {
    lab,
    record: lab.record,
    world,
    context: lookingContext(await runContext(lab, await findArtifacts(lab)), lab),
    server: serverMachine(lab.config),
    gluster: glusterMachine(lab.config),
  };
};

/** All that the volumes hold, by way of a catalogue that is up to date as far as the cluster answers. */
export const lookAround = async (
  { record, context, server }: OpenDesk,
  options: { readonly sizes?: boolean } = {},
): Promise<{ readonly surveyed: readonly Surveyed[]; readonly kept: readonly Kept[] }> => {
  // A catalogue of a newer kglab is refused before anything is written to it.
  await survey(record.config, server, context);
  await syncCatalogue(server, context);
  const surveyed = await survey(record.config, server, context, options);
  const away = surveyed.find(({ mounted }) => !mounted);
  if (away)
    throw new CliError(
      'VOLUME_FAILED',
      `Volume ${away.volume} is not mounted at ${away.mount} on ${server}.`,
      {
        hint: 'See what the lab lacks (kglab status) and repair it: kglab up',
      },
    );
  return { surveyed, kept: inventory(surveyed) };
};

/** As {@link lookAround}, with what the cluster has. */
export const lookEverywhere = async (
  desk: OpenDesk,
): Promise<{
  readonly surveyed: readonly Surveyed[];
  readonly kept: readonly Kept[];
  readonly cluster: ClusterVolumes;
}> => {
  const before = await clusterVolumes(desk.context, desk.server);
  const { surveyed } = await lookAround(desk);
  const cluster = await clusterVolumes(desk.context, desk.server);
  const kept = inventory(
    surveyed,
    cluster.volumes.map(({ name }) => name),
  );
  return { surveyed, kept: stillKept(kept, before, cluster), cluster };
};

/** Does something that nobody else may do to this lab at the same time. */
export const withLock = async <T>(
  { record, world }: OpenDesk,
  what: string,
  work: () => Promise<T>,
): Promise<T> => withLabLock(world, record.name, what, work);

/** Asks before something that cannot be had back. Throws CONFIRMATION_NEEDED without a terminal or a yes. */
export const confirm = async (question: string, details: readonly string[], yes: boolean): Promise<void> => {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CliError('CONFIRMATION_NEEDED', question, { details, hint: 'Say so: --yes' });
  const { askYes } = await import('../../wizard/ask.js');
  stderr.write(details.map((line) => `  ${line}\n`).join(''));
  if (!(await askYes(question)))
    throw new CliError('CONFIRMATION_NEEDED', 'Nothing was changed.', { hint: 'Say yes, or --yes.' });
};
