import { CliError } from '../errors/cli-error.js';
import { ask } from '../gluster/ask.js';
import { gluster } from '../gluster/commands.js';
import { parseHeal } from '../gluster/parse.js';
import { getObjects } from '../kube/kubectl.js';
import { clusterVolumes } from '../volumes/cluster.js';
import { lintClaims } from '../volumes/lint.js';
import { viewVolumes, type Orphans, type VolumeRow } from '../volumes/view.js';
import type { LabFlags, OutputFlags } from './support/flags.js';
import { readableSize, renderOutput, renderTable } from './support/output.js';
import type { Session } from './support/session.js';
import { surveyVolumes, openVolumes, type OpenVolumes } from './support/volumes-context.js';
import { stdout } from './support/streams.js';

const healOf = async (volume: string, { context, gluster: from }: OpenVolumes): Promise<string> => {
  const answer = await ask(context, from, gluster('volume', 'heal', volume, 'info'));
  // Gluster refuses this question for volumes without copies.
  if (!answer.ok) return /not of type|not replicate|disperse/i.test(answer.message) ? '-' : 'unknown';
  const bricks = parseHeal(answer);
  if (bricks.some(({ pending }) => pending === undefined)) return 'brick down';
  const pending = bricks.reduce((sum, brick) => sum + (brick.pending ?? 0), 0);
  return pending === 0 ? 'clean' : `${pending} pending`;
};

const cells = (row: VolumeRow, heal: ReadonlyMap<string, string>): readonly string[] => [
  row.claim ?? '-',
  row.pv,
  row.class || '-',
  row.phase,
  row.requested,
  row.bytes === undefined ? 'missing' : readableSize(row.bytes),
  row.nodes.join(',') || '-',
  row.volume ?? '-',
  (row.volume && heal.get(row.volume)) ?? '-',
  row.directory ?? '-',
];

const HEADER = ['claim', 'pv', 'class', 'phase', 'asked', 'used', 'node', 'volume', 'heal', 'directory'];

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;

const drawOrphans = (orphans: Orphans): string =>
  [
    section('PVs without a claim', orphans.withoutClaim),
    section('PVs whose claim no pod uses', orphans.withoutPod),
    section('PVs without a directory', orphans.withoutDirectory),
    section(
      'Directories without a PV (kglab volumes restore, or delete)',
      orphans.directories.map(
        ({ path, bytes, claim }) =>
          `${path} (${readableSize(bytes)}${claim === undefined ? '' : `, claim ${claim}`})`,
      ),
    ),
  ].join('');

/** `kglab volumes list` */
export const volumesListCommand = async (session: Session, flags: LabFlags & OutputFlags): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes');
  const { surveyed } = await surveyVolumes(volumes, { sizes: true });
  const { rows, orphans } = viewVolumes(await clusterVolumes(volumes.context, volumes.server), surveyed);
  const heal = new Map<string, string>();
  for (const volume of new Set(rows.map(({ volume: name }) => name))) {
    if (volume !== undefined) heal.set(volume, await healOf(volume, volumes));
  }
  const quarantine = surveyed.flatMap((one) =>
    one.quarantine.map(({ name, bytes }) => ({ volume: one.volume, name, bytes })),
  );
  const data = {
    volumes: rows.map((row) => ({ ...row, heal: (row.volume && heal.get(row.volume)) ?? null })),
    orphans,
    quarantine,
  };
  const table = (): string =>
    (rows.length === 0
      ? 'No PVs.\n'
      : renderTable(
          HEADER,
          rows.map((row) => cells(row, heal)),
        )) +
    drawOrphans(orphans) +
    (quarantine.length === 0 ? '' : `\n${quarantine.length} in the quarantine (kglab volumes quarantine)\n`);
  stdout.write(await renderOutput(flags.output, data, table));
};

/** `kglab volumes lint` */
export const volumesLintCommand = async (session: Session, flags: LabFlags & OutputFlags): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes lint');
  const classes = await getObjects(volumes.context, volumes.server, 'storageclasses');
  const findings = lintClaims(
    await clusterVolumes(volumes.context, volumes.server),
    volumes.lab.config,
    classes.map(({ metadata }) => metadata.name),
  );
  const table = (): string =>
    findings.length === 0
      ? 'All claims can be bound.\n'
      : findings.map(({ claim, message }) => `${claim}: ${message}\n`).join('');
  stdout.write(await renderOutput(flags.output, findings, table));
  if (findings.length > 0)
    throw new CliError(
      'VOLUME_FAILED',
      `${findings.length} ${findings.length === 1 ? 'claim' : 'claims'} cannot be bound.`,
    );
};
