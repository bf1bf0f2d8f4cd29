import { CliError } from '../errors/cli-error.js';
import { compareExports, exportVolumes, parseExport, type Export } from '../volumes/export.js';
import type { Kept } from '../volumes/inventory.js';
import { planRestore } from '../volumes/plan-restore.js';
import { meantToRestore } from '../volumes/resolve.js';
import { restoreVolumes } from '../volumes/restore.js';
import type { LabFlags } from './support/flags.js';
import type { Session } from './support/session.js';
import {
  surveyVolumes,
  surveyWithCluster,
  openVolumes,
  withLock,
  type OpenVolumes,
} from './support/volumes-context.js';
import { stdout } from './support/streams.js';
import { readFile } from 'node:fs/promises';
import { writeUserFile } from '../util/user-files.js';

/** `kglab volumes export` */
export const volumesExportCommand = async (
  session: Session,
  flags: LabFlags & { checksums?: boolean; to?: string },
): Promise<void> => {
  const volumes = await openVolumes(session, flags, 'volumes export');
  const { kept } = await surveyVolumes(volumes);
  const data = await exportVolumes(volumes.lab.name, kept, {
    machine: volumes.server,
    context: volumes.context,
    sums: flags.checksums ?? false,
  });
  const text = `${JSON.stringify(data, null, 2)}\n`;
  if (flags.to === undefined) stdout.write(text);
  else {
    await writeUserFile(flags.to, text, { mode: 0o666 });
    volumes.lab.say(`${kept.length} PVs written to ${flags.to}`);
  }
};

const verify = async (before: Export, kept: readonly Kept[], volumes: OpenVolumes): Promise<void> => {
  if (before.volumes.some(({ checksums }) => checksums === undefined))
    throw new CliError('USAGE', 'This export has no checksums.', {
      hint: 'Create one with checksums: kglab volumes export --checksums --to FILE',
    });
  const now = await exportVolumes(volumes.lab.name, kept, {
    machine: volumes.server,
    context: volumes.context,
    sums: true,
  });
  const found = compareExports(before, now);
  if (found.length === 0) {
    const files = before.volumes.reduce((sum, { checksums = {} }) => sum + Object.keys(checksums).length, 0);
    stdout.write(`identical: ${before.volumes.length} PVs, ${files} paths\n`);
    return;
  }
  for (const { claim, lines } of found)
    stdout.write(`${claim}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  throw new CliError(
    'VOLUME_DIFFERS',
    `${found.length} of ${before.volumes.length} PVs have changed (+ added, - missing, ~ changed).`,
  );
};

const readExport = async (file: string): Promise<Export> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError('USAGE', `${file} cannot be read.`, { cause });
  });
  return parseExport(text, file);
};

/** `kglab volumes verify` */
export const volumesVerifyCommand = async (
  session: Session,
  file: string,
  flags: LabFlags,
): Promise<void> => {
  const before = await readExport(file);
  const volumes = await openVolumes(session, flags, 'volumes verify');
  await verify(before, (await surveyVolumes(volumes)).kept, volumes);
};

const whyNothing = (bound: number): string => {
  if (bound === 0) return 'there is no data of claims';
  return bound === 1 ? 'the claim is bound' : `all ${bound} claims are bound`;
};

const restoreNow = async (
  names: readonly string[],
  { size }: { readonly size: string },
  volumes: OpenVolumes,
): Promise<readonly Kept[]> => {
  const { kept, cluster } = await surveyWithCluster(volumes);
  const chosen = names.map((name) => meantToRestore(kept, name));
  const plan = planRestore(kept, cluster, volumes.lab.config, chosen, { capacity: size });
  if (plan.conflicts.length > 0)
    throw new CliError('VOLUME_EXISTS', 'Not everything can be restored; nothing was changed.', {
      details: plan.conflicts,
      hint: 'Name the claims to restore one by one, or resolve the conflicts first.',
    });
  for (const line of plan.left) volumes.lab.say(line);
  for (const id of plan.guessed)
    volumes.lab.say(
      `${id}: no catalogue entry, only the directory; kglab guessed size, access mode and class`,
    );
  await restoreVolumes(plan.restore, volumes.context, volumes.server);
  for (const { namespace, claim, pv } of plan.restore)
    stdout.write(`restored ${namespace}/${claim} (${pv})\n`);
  if (plan.restore.length === 0) volumes.lab.say(`Nothing to restore: ${whyNothing(plan.there.length)}.`);
  return kept;
};

/** `kglab volumes restore` */
export const volumesRestoreCommand = async (
  session: Session,
  claims: string[],
  flags: LabFlags & { all?: boolean; size: string; verify?: string },
): Promise<void> => {
  if (claims.length === 0 && !flags.all)
    throw new CliError('USAGE', 'No claims given.', {
      hint: 'Name the claims (namespace/claim), or use --all.',
    });
  const before = flags.verify === undefined ? undefined : await readExport(flags.verify);
  const volumes = await openVolumes(session, flags, 'volumes restore');
  const kept = await withLock(volumes, 'volumes restore', () => restoreNow(claims, flags, volumes));
  if (before !== undefined) await verify(before, kept, volumes);
};
