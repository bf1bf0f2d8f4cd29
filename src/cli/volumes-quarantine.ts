import { CliError } from '../errors/cli-error.js';
import { parseDirectoryName } from '../volumes/entry.js';
import { inventory, type Kept } from '../volumes/inventory.js';
import { planRestore } from '../volumes/plan-restore.js';
import {
  deleteDirectory,
  deleteHollow,
  deleteVolume,
  directoryOf,
  giveBack,
  purge,
  stillIn,
} from '../volumes/quarantine.js';
import { findKept } from '../volumes/resolve.js';
import { restoreVolumes } from '../volumes/restore.js';
import { clusterVolumes, type ClusterVolumes } from '../volumes/cluster.js';
import { survey, type Quarantined, type Surveyed } from '../volumes/survey.js';
import { confirm } from './support/confirm.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { readableSize, readableTime, renderOutput, renderTable } from './support/output.js';
import type { Session } from './support/session.js';
import { stdout } from './support/streams.js';
import {
  surveyVolumes,
  surveyWithCluster,
  openVolumes,
  withLock,
  type OpenVolumes,
} from './support/volumes-context.js';

interface Found {
  readonly item: Quarantined;
  readonly on: Surveyed;
}

/** The claim that the data belonged to: from its catalogue entry, else from the name of its directory. */
const claimOf = ({ item }: Found): string | undefined => {
  const { namespace = 'default', claim } = item.entry ?? {};
  if (claim !== undefined) return `${namespace}/${claim}`;
  const named = parseDirectoryName(directoryOf(item));
  return named && `${named.namespace}/${named.claim}`;
};

const allIn = (surveyed: readonly Surveyed[]): readonly Found[] =>
  surveyed.flatMap((on) => on.quarantine.map((item) => ({ item, on })));

/** Finds data in the quarantine by its name, directory or claim; the last deletion if there are several. */
const findIn = (found: readonly Found[], name: string): Found => {
  const fitting = found.filter(
    (one) =>
      one.item.name === name ||
      directoryOf(one.item) === name ||
      claimOf(one) === name ||
      claimOf(one) === `default/${name}`,
  );
  const last = [...fitting].sort((a, b) => (a.item.name < b.item.name ? 1 : -1))[0];
  if (last) return last;
  throw new CliError('VOLUME_UNKNOWN', `${name} is not in the quarantine.`, {
    hint: 'List the quarantine: kglab volumes quarantine',
  });
};

/** `kglab volumes quarantine` */
export const volumesQuarantineCommand = async (
  session: Session,
  flags: LabFlags & OutputFlags,
): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes quarantine');
  const found = allIn((await surveyVolumes(volumes, { sizes: true })).surveyed);
  const rows = found.map((one) => ({
    name: one.item.name,
    claim: claimOf(one),
    deleted: new Date(Number.parseInt(one.item.name, 10) * 1000).toISOString(),
    bytes: one.item.bytes,
    volume: one.on.volume,
  }));
  const table = (): string =>
    rows.length === 0
      ? 'The quarantine is empty.\n'
      : renderTable(
          ['claim', 'deleted', 'used', 'name'],
          rows.map(({ claim, deleted, bytes, name }) => [
            claim ?? '-',
            readableTime(deleted),
            readableSize(bytes),
            name,
          ]),
        );
  stdout.write(await renderOutput(flags.output, rows, table));
};

/** Finds a PV without a directory. */
const findHollow = (name: string, cluster: ClusterVolumes, kept: readonly Kept[]): string | undefined =>
  cluster.volumes.find(
    (pv) =>
      (pv.name === name || pv.claim === name || pv.claim === `default/${name}`) &&
      !kept.some(({ entry }) => entry.pv === pv.name),
  )?.name;

const deleteOne = async (name: string, volumes: OpenVolumes): Promise<void> => {
  const { surveyed, kept, cluster } = await surveyWithCluster(volumes);
  const foreign = surveyed
    .flatMap((on) => on.directories.map((directory) => ({ on, directory })))
    .find(
      ({ directory }) =>
        (directory.name === name || directory.path === name) &&
        !kept.some((one) => one.directory === directory),
    );
  const hollow = findHollow(name, cluster, kept);
  if (foreign) await deleteDirectory(foreign.directory, cluster, foreign.on, volumes);
  else if (hollow !== undefined) {
    await deleteHollow(hollow, cluster, volumes);
    stdout.write(`PV ${hollow} deleted; it had no data to quarantine\n`);
    return;
  } else {
    const found = findKept(kept, name);
    const on = surveyed.find(({ volume }) => volume === found.volume);
    if (on) await deleteVolume(found, cluster, on, volumes);
  }
  stdout.write(`${name} moved to the quarantine\n`);
};

/** `kglab volumes delete` */
export const volumesDeleteCommand = async (
  session: Session,
  names: string[],
  flags: LabFlags & { yes?: boolean },
): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes delete');
  const question = 'Delete claims and PVs? Their data stays in the quarantine until it is purged.';
  await confirm(question, names, flags.yes ?? false);
  await withLock(volumes, 'volumes delete', async () => {
    for (const name of names) await deleteOne(name, volumes);
  });
};

const undoOne = async (name: string, volumes: OpenVolumes): Promise<void> => {
  const { context, server, lab } = volumes;
  const found = findIn(allIn((await surveyVolumes(volumes)).surveyed), name);
  const cluster = await clusterVolumes(context, server);
  const id = claimOf(found);
  if (id !== undefined && cluster.claims.some((one) => one.id === id))
    throw new CliError(
      'VOLUME_EXISTS',
      `There is a new claim ${id}, so the deleted claim stays in the quarantine.`,
      {
        hint: `Delete the new claim first: kglab volumes delete ${id}`,
      },
    );
  await giveBack(found.item, found.on, volumes);
  const kept = inventory(await survey(lab.config, server, context));
  const back = kept.filter(({ directory }) => directory.name === directoryOf(found.item));
  const plan = planRestore(back, cluster, lab.config, [], { capacity: '1Gi' });
  if (plan.conflicts.length > 0)
    throw new CliError('VOLUME_EXISTS', 'The data was restored, but the claim was not.', {
      details: plan.conflicts,
    });
  await restoreVolumes(plan.restore, context, server);
  stdout.write(`${id ?? directoryOf(found.item)} restored\n`);
};

/** `kglab volumes undo` */
export const volumesUndoCommand = async (
  session: Session,
  names: string[],
  flags: LabFlags,
): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes undo');
  await withLock(volumes, 'volumes undo', async () => {
    for (const name of names) await undoOne(name, volumes);
  });
};

/** `kglab volumes purge` */
export const volumesPurgeCommand = async (
  session: Session,
  names: string[],
  flags: LabFlags & { all?: boolean; yes?: boolean },
): Promise<void> => {
  if (names.length === 0 && !flags.all)
    throw new CliError('USAGE', 'No names given.', {
      hint: 'Name the data to purge (kglab volumes quarantine), or use --all.',
    });
  const volumes = await openVolumes(session, flags, 'volumes purge');
  const everything = allIn((await surveyVolumes(volumes)).surveyed);
  const chosen = flags.all ? everything : names.map((name) => findIn(everything, name));
  if (chosen.length > 0)
    await confirm(
      'Delete this data for good?',
      chosen.map(({ item }) => item.name),
      flags.yes ?? false,
    );
  const purged = await withLock(volumes, 'volumes purge', async () => {
    const items = chosen.map(({ item }) => item);
    const there = stillIn(items, (await surveyVolumes(volumes)).surveyed);
    for (const item of there) await purge(item, volumes);
    return there.length;
  });
  stdout.write(`purged: ${purged}\n`);
};
