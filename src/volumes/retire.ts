import type { ClassConfig, LabConfig, VolumeConfig } from '../config/config.js';
import {
  brickMachines,
  claimsPath,
  glusterMachine,
  kubernetesNodes,
  serverMachine,
} from '../config/roles.js';
import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { cmd, quote } from '../exec/command.js';
import { runKubectl } from '../kube/kubectl.js';
import { gluster } from '../gluster/commands.js';
import { unitName } from '../guest/layout.js';
import { must, volumes } from '../gluster/ask.js';
import { mapPool } from '../util/pool.js';
import { clusterVolumes, type ClusterVolumes } from './cluster.js';
import { survey, type Surveyed } from './survey.js';
import { guestScript } from '../guest/script.js';

/** What a running lab has and its lab file no longer names. */
export interface Dropped {
  /** Also those whose mode has changed: the provisioner cannot delete what it made in another mode. */
  readonly classes: readonly ClassConfig[];
  readonly volumes: readonly VolumeConfig[];
}

/** Compares what the lab was made from with what it is to be. */
export const droppedBetween = (before: LabConfig, after: LabConfig): Dropped => ({
  classes: before.classes.filter(
    ({ name, mode }) => !after.classes.some((one) => one.name === name && one.mode === mode),
  ),
  volumes: before.volumes.filter(({ name }) => !after.volumes.some((one) => one.name === name)),
});

/** Everything that stands in the way of dropping classes and volumes, a line each. */
export const obstacles = (
  { classes, volumes: gone }: Dropped,
  cluster: ClusterVolumes,
  surveyed: readonly Surveyed[],
): readonly string[] => [
  ...cluster.volumes
    .filter((pv) => classes.some(({ name }) => name === pv.class))
    .map((pv) => `class ${pv.class}: PV ${pv.name}, claim ${pv.claim ?? 'none'} (${pv.capacity})`),
  ...cluster.claims
    .filter((one) => one.volumeName === undefined && classes.some(({ name }) => name === one.class))
    .map((one) => `class ${one.class ?? ''}: claim ${one.id} is pending`),
  ...surveyed
    .filter(({ volume }) => gone.some(({ name }) => name === volume))
    .flatMap(({ volume, mounted, directories, others, quarantine }) => [
      ...(mounted ? [] : [`volume ${volume}: not mounted, so kglab cannot see what it holds`]),
      ...directories.map(({ path }) => `volume ${volume}: ${path}`),
      ...others.map((path) => `volume ${volume}: ${path}`),
      ...quarantine.map(({ name }) => `volume ${volume}: ${name} in the quarantine`),
    ]),
];

const removeVolume = async (config: LabConfig, volume: VolumeConfig, context: StepContext): Promise<void> => {
  const { signal } = context;
  const from = glusterMachine(config);
  const args = [volume.mount, unitName(volume.mount), claimsPath(volume)];
  await mapPool(kubernetesNodes(config), 4, ({ machine }) =>
    checked(context.machine(machine), machine, guestScript('mounts.sh', 'forget_mount', ...args), {
      code: 'MOUNT_FAILED',
      what: `Unmounting ${volume.mount} on ${machine}`,
      signal,
    }),
  );
  const found = (await volumes(context, from)).find(({ name }) => name === volume.name);
  if (found?.started)
    await must(context, from, gluster('volume', 'stop', volume.name, 'force'), /is not in the started state/);
  if (found) await must(context, from, gluster('volume', 'delete', volume.name), /does not exist/);
  await mapPool(brickMachines(config, volume), 4, (machine) =>
    checked(context.machine(machine), machine, cmd('rm', '-rf', '--', volume.brick), {
      code: 'GLUSTER_FAILED',
      what: `Removing brick ${machine}:${volume.brick}`,
      hint: `Volume ${volume.name} is deleted, but this brick remains. Remove it by hand: kglab exec ${machine} -- rm -rf ${quote(volume.brick)}`,
      signal,
    }),
  );
};

/**
 * Takes away classes and volumes that the lab file no longer names. Throws VOLUME_IN_USE, with the list, when any of
 * them has volumes or data: then nothing was changed. With `dryRun` it only looks.
 */
export const retire = async (
  before: LabConfig,
  after: LabConfig,
  context: StepContext,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<Dropped> => {
  const dropped = droppedBetween(before, after);
  if (dropped.classes.length + dropped.volumes.length === 0) return dropped;
  const server = serverMachine(before);
  const gone = { ...before, volumes: dropped.volumes };
  const found = obstacles(
    dropped,
    await clusterVolumes(context, server),
    await survey(gone, server, context),
  );
  if (found.length > 0) {
    const names = [...new Set([...dropped.classes, ...dropped.volumes].map(({ name }) => name))];
    throw new CliError(
      'VOLUME_IN_USE',
      `lab.yaml removes or changes ${names.join(', ')}, which still ${names.length === 1 ? 'holds' : 'hold'} data.`,
      {
        details: found,
        hint: 'Undo the change, or delete the data first: kglab volumes delete … && kglab volumes purge …',
      },
    );
  }
  if (dryRun) return dropped;
  for (const { name } of dropped.classes)
    await runKubectl(context, server, ['delete', 'storageclass', name, '--ignore-not-found']);
  for (const volume of dropped.volumes) {
    context.say(`removing volume ${volume.name}, which is empty`);
    await removeVolume(before, volume, context);
  }
  return dropped;
};
