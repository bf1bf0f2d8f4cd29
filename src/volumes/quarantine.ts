import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { cmd, quote, type Command } from '../exec/command.js';
import { runKubectl } from '../kube/kubectl.js';
import { gluster } from '../gluster/commands.js';
import { must, volumes } from '../gluster/ask.js';
import type { ClusterVolumes } from './cluster.js';
import type { Kept } from './inventory.js';
import { request } from './requests.js';
import type { Directory, Quarantined, Surveyed } from './survey.js';
import { STORE } from '../guest/layout.js';
import { guestScript } from '../guest/script.js';

/** What commands about volumes need: a context, and the machines to run on. */
export interface VolumesContext {
  readonly context: StepContext;
  /** Machine of the k3s server; it mounts every volume. */
  readonly server: string;
  /** Machine that Gluster commands run on. */
  readonly gluster: string;
}

const run = async (
  { context, server }: VolumesContext,
  script: Command,
  what: string,
  { stdin, hint }: { readonly stdin?: string; readonly hint?: string } = {},
): Promise<void> => {
  const command = { ...script, ...(stdin === undefined ? {} : { stdin }) };
  await checked(context.machine(server), server, command, {
    code: 'VOLUME_FAILED',
    what,
    ...(hint !== undefined && { hint }),
    signal: context.signal,
  });
};

const entryFile = (mount: string, pv: string): string => `${mount}/${STORE.catalogue}/${pv}.json`;

/** Name in the quarantine of something deleted at `now` (milliseconds since the epoch). */
export const quarantineName = (now: number, directory: string): string =>
  `${Math.floor(now / 1000)}-${directory}`;

/** Directory that something in the quarantine was. */
export const directoryOf = ({ name }: Pick<Quarantined, 'name'>): string => name.replace(/^\d+-/, '');

const CLAIM_MS = 60_000;

const assertUnused = (id: string, { pods }: ClusterVolumes): void => {
  const found = pods.get(id) ?? [];
  if (found.length === 0) return;
  throw new CliError('VOLUME_IN_USE', `Pods use claim ${id}: ${found.map(({ pod }) => pod).join(', ')}.`, {
    hint: 'First delete the pods, or scale down their Deployment or StatefulSet.',
  });
};

/** What lies in a directory, or shares it, must not go with it. */
const assertAlone = (path: string, others: ClusterVolumes['volumes']): void => {
  const users = others.filter((pv) => `${pv.path ?? ''}/`.startsWith(`${path}/`));
  if (users.length === 0) return;
  throw new CliError(
    'VOLUME_IN_USE',
    `Another PV uses ${path}: ${users.map(({ name, claim }) => `${name} (claim ${claim ?? 'none'})`).join(', ')}.`,
    { hint: `Delete that PV first: kglab kubectl -- delete pv ${users[0]?.name ?? ''}` },
  );
};

const releaseClaim = async (
  { pv, id }: { readonly pv: string; readonly id: string },
  cluster: ClusterVolumes,
  { context, server }: VolumesContext,
): Promise<void> => {
  const [namespace = '', claim = ''] = id.split('/');
  // Or the provisioner would do the same at the same time.
  if (cluster.volumes.some(({ name }) => name === pv))
    await runKubectl(context, server, [
      ...['patch', 'pv', pv, '-p', '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'],
    ]);
  const bound = cluster.claims.find((one) => one.id === id && one.volumeName === pv);
  if (bound !== undefined)
    await runKubectl(context, server, ['-n', namespace, 'delete', 'pvc', claim, '--ignore-not-found'], {
      timeoutMs: CLAIM_MS,
    });
};

/**
 * Deletes claim and volume, and takes the data into the quarantine. Throws VOLUME_IN_USE when pods use it, or
 * another volume lies there. May be repeated after a crash.
 */
export const deleteVolume = async (
  kept: Kept,
  cluster: ClusterVolumes,
  on: Surveyed,
  desk: VolumesContext,
): Promise<void> => {
  const { context, server } = desk;
  assertUnused(kept.id, cluster);
  const { name, path, dedicated } = kept.directory;
  assertAlone(
    path,
    cluster.volumes.filter((pv) => pv.name !== kept.entry.pv),
  );
  await releaseClaim({ pv: kept.entry.pv, id: kept.id }, cluster, desk);
  if (dedicated) await request('delete', { mount: on.mount, directory: name }, server, context);
  else {
    const place = `${on.mount}/${STORE.quarantine}/${quarantineName(context.clock.now(), name)}`;
    const take = guestScript('volumes.sh', 'take', path, place, entryFile(on.mount, kept.entry.pv));
    await run(desk, take, `Moving ${name} to the quarantine`, {
      stdin: `${JSON.stringify(kept.entry)}\n`,
    });
  }
  await runKubectl(context, server, ['delete', 'pv', kept.entry.pv, '--ignore-not-found'], {
    timeoutMs: CLAIM_MS,
  });
};

/** Deletes a volume whose directory is gone, and its claim: there is nothing to keep. Throws VOLUME_IN_USE. */
export const deleteHollow = async (
  pv: string,
  cluster: ClusterVolumes,
  desk: VolumesContext,
): Promise<void> => {
  const found = cluster.volumes.find(({ name }) => name === pv);
  assertUnused(found?.claim ?? '', cluster);
  await releaseClaim({ pv, id: found?.claim ?? '' }, cluster, desk);
  await runKubectl(desk.context, desk.server, ['delete', 'pv', pv, '--ignore-not-found'], {
    timeoutMs: CLAIM_MS,
  });
};

/** Takes a directory that belongs to no volume into the quarantine. Throws VOLUME_IN_USE when one lies in it. */
export const deleteDirectory = async (
  { name, path }: Directory,
  cluster: ClusterVolumes,
  on: Surveyed,
  desk: VolumesContext,
): Promise<void> => {
  assertAlone(path, cluster.volumes);
  const place = `${on.mount}/${STORE.quarantine}/${quarantineName(desk.context.clock.now(), name)}`;
  const manifest = `${JSON.stringify({ version: 1, pv: name, path })}\n`;
  const take = guestScript('volumes.sh', 'take', path, place, entryFile(on.mount, name));
  await run(desk, take, `Moving ${name} to the quarantine`, { stdin: manifest });
};

/** Puts data back where it was. Volume and claim are not made by this. Throws VOLUME_EXISTS when its place is taken. */
export const giveBack = async (item: Quarantined, on: Surveyed, desk: VolumesContext): Promise<void> => {
  const directory = directoryOf(item);
  const pv = item.entry?.pv ?? directory.split('_')[0] ?? directory;
  const base = item.dedicated ? on.claims : on.mount;
  if (on.directories.some(({ name }) => name === directory))
    throw new CliError(
      'VOLUME_EXISTS',
      `${base}/${directory} exists already; the deleted data stays in the quarantine.`,
    );
  if (item.dedicated)
    await must(desk.context, desk.gluster, gluster('volume', 'start', pv), /already started/);
  const registry = `${on.mount}/${STORE.ownVolumes}/${directory}`;
  const args = [item.path, `${base}/${directory}`, entryFile(on.mount, pv), registry];
  await run(
    desk,
    guestScript('volumes.sh', 'give_back', ...args),
    `Moving ${directory} out of the quarantine`,
  );
};

const NOT_STARTED = /is not in the started state/;

const BRICK = /^([^:]+):(\/.+\/\.claims\/[^/]+)$/;

/**
 * Removes a claim's own Gluster volume. The bricks go first: Gluster knows where they are as long as it has the volume,
 * so that a removal that failed can be repeated.
 */
const removeVolume = async (pv: string, { context, gluster: from }: VolumesContext): Promise<void> => {
  const found = (await volumes({ ...context, fact: (_key, read) => read() }, from)).find(
    ({ name }) => name === pv,
  );
  if (found === undefined) return;
  if (found.started) await must(context, from, gluster('volume', 'stop', pv, 'force'), NOT_STARTED);
  for (const brick of found.bricks) {
    const [, machine, path] = BRICK.exec(brick) ?? [];
    if (machine === undefined || path === undefined) continue;
    await checked(context.machine(machine), machine, cmd('rm', '-rf', '--', path), {
      code: 'VOLUME_FAILED',
      what: `Removing brick ${machine}:${path} of ${pv}`,
      hint: `The quarantine still lists this data, and parts of the volume may remain. Find the cause (kglab exec ${machine} -- ls -la ${quote(path)}), then run \`kglab volumes purge\` again.`,
      signal: context.signal,
    });
  }
  await must(context, from, gluster('volume', 'delete', pv), /does not exist/);
};

/** Those that are in the quarantine still: somebody may have brought one back while a person was asked. */
export const stillIn = (
  chosen: readonly Quarantined[],
  surveyed: readonly Surveyed[],
): readonly Quarantined[] =>
  chosen.filter((item) =>
    surveyed.some(({ quarantine }) => quarantine.some(({ path }) => path === item.path)),
  );

/** Destroys what is in the quarantine, for good. */
export const purge = async (item: Quarantined, desk: VolumesContext): Promise<void> => {
  if (item.dedicated) await removeVolume(item.entry?.pv ?? directoryOf(item).split('_')[0] ?? '', desk);
  await run(desk, cmd('rm', '-rf', '--', item.path), `Purging ${item.name}`, {
    hint: `Some of the data is still in the quarantine. Find the cause (kglab exec ${desk.server} -- ls -la ${quote(item.path)}), then run \`kglab volumes purge\` again.`,
  });
};
