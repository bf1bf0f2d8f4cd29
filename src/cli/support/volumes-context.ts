import type { Lab } from '../../lab/lab.js';
import { assertRealMachines } from '../../lab/rehearsal.js';
import { findArtifacts, lookingContext, runContext } from '../../lab/run-context.js';
import { glusterMachine, serverMachine } from '../../config/roles.js';
import { CliError } from '../../errors/cli-error.js';
import { clusterVolumes, type ClusterVolumes } from '../../volumes/cluster.js';
import { inventory, stillKept, type Kept } from '../../volumes/inventory.js';
import type { VolumesContext } from '../../volumes/quarantine.js';
import { syncCatalogue } from '../../volumes/requests.js';
import { survey, type Surveyed } from '../../volumes/survey.js';
import type { LabFlags } from './flags.js';
import type { Session } from './session.js';
import { withLock as withLabLock } from '../../lab/with-lock.js';
import { openKnownLab } from './open-world.js';

/** The lab that a `volumes` command works on. */
export interface OpenVolumes extends VolumesContext {
  readonly lab: Lab;
}

/** Opens an existing lab. Throws USAGE if it is simulated. */
export const openVolumes = async (session: Session, flags: LabFlags, what: string): Promise<OpenVolumes> => {
  const lab = await openKnownLab(session, flags, { what });
  assertRealMachines(lab);
  return {
    lab,
    context: lookingContext(await runContext(lab, await findArtifacts(lab)), lab),
    server: serverMachine(lab.config),
    gluster: glusterMachine(lab.config),
  };
};

/** Surveys the volumes, after bringing the catalogue up to date if the cluster answers. Throws VOLUME_FAILED if one is not mounted. */
export const surveyVolumes = async (
  { lab, context, server }: OpenVolumes,
  options: { readonly sizes?: boolean } = {},
): Promise<{ readonly surveyed: readonly Surveyed[]; readonly kept: readonly Kept[] }> => {
  // This refuses a catalogue of a newer kglab before anything is written to it.
  await survey(lab.config, server, context);
  await syncCatalogue(server, context);
  const surveyed = await survey(lab.config, server, context, options);
  const away = surveyed.find(({ mounted }) => !mounted);
  if (away)
    throw new CliError(
      'VOLUME_FAILED',
      `Volume ${away.volume} is not mounted at ${away.mount} on ${server}.`,
      {
        hint: 'Check the lab (kglab status), then repair it: kglab up',
      },
    );
  return { surveyed, kept: inventory(surveyed) };
};

/** As {@link surveyVolumes}, with the PVs and claims of the cluster. */
export const surveyWithCluster = async (
  volumes: OpenVolumes,
): Promise<{
  readonly surveyed: readonly Surveyed[];
  readonly kept: readonly Kept[];
  readonly cluster: ClusterVolumes;
}> => {
  const before = await clusterVolumes(volumes.context, volumes.server);
  const { surveyed } = await surveyVolumes(volumes);
  const cluster = await clusterVolumes(volumes.context, volumes.server);
  const kept = inventory(
    surveyed,
    cluster.volumes.map(({ name }) => name),
  );
  return { surveyed, kept: stillKept(kept, before, cluster), cluster };
};

/** Runs `work` while no other kglab works on this lab. Throws LAB_BUSY. */
export const withLock = async <T>({ lab }: OpenVolumes, what: string, work: () => Promise<T>): Promise<T> =>
  withLabLock(lab.world, lab.name, what, work);
