import { fresh, type StepContext } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { checked, CommandError } from '../../exec/checked.js';
import { cmd } from '../../exec/command.js';
import { poolOf, volumesOn } from '../../gluster/ask.js';
import { restartGlusterd } from '../../gluster/commands.js';
import { IN_CLUSTER, isSelf, type Peer } from '../../gluster/parse.js';
import { waitFor } from '../../util/wait.js';
import { guestScript } from '../../guest/script.js';

/** A machine whose UUID is not the one that the pool knows, or that has that UUID and is not in the pool. */
export interface LostIdentity {
  readonly machine: string;
  readonly uuid: string;
}

/** The UUID of a peer that has never answered is all zeros. */
const isKnown = ({ uuid }: Peer): boolean => /[1-9a-f]/.test(uuid);

/**
 * Machines that were recreated: the pool knows their names with other UUIDs, or (after an interrupted repair) they have
 * the right UUID and are not in the pool.
 */
export const lostIdentities = (
  machines: readonly string[],
  views: readonly (readonly Peer[])[],
): readonly LostIdentity[] =>
  machines.flatMap((machine, index) => {
    const own = views[index] ?? [];
    const self = own.find(isSelf)?.uuid;
    const known = views
      .filter((_view, other) => other !== index)
      .flatMap((view) => view.filter((peer) => peer.names.includes(machine) && isKnown(peer)));
    const uuids = new Set(known.map(({ uuid }) => uuid));
    const [uuid] = uuids;
    // Without an answer nothing is known. Two machines with one UUID are another error, reported elsewhere.
    if (self === undefined || uuid === undefined || uuids.size > 1) return [];
    if (known.some(({ names }) => machines.filter((name) => names.includes(name)).length > 1)) return [];
    const isMember = own.some((peer) => !isSelf(peer) && peer.state === IN_CLUSTER);
    return uuid !== self || !isMember ? [{ machine, uuid }] : [];
  });

const HAS_VOLUMES = 17;
/** Wait per round (milliseconds): glusterd gets peers and volumes within seconds of its start, or after a restart. */
const SYNC_MS = 12_000;
const ROUNDS = 4;

const opVersion = async (machine: string, context: StepContext): Promise<string> => {
  const { stdout } = await checked(
    context.machine(machine),
    machine,
    cmd('cat', '/var/lib/glusterd/glusterd.info'),
    { code: 'GLUSTER_FAILED', what: `Reading glusterd.info of ${machine}`, signal: context.signal },
  );
  return /^operating-version=(\d+)$/m.exec(stdout)?.[1] ?? '';
};

const refused = (machine: string): CliError =>
  new CliError(
    'GLUSTER_PEER_REJECTED',
    `${machine} belongs to another Gluster pool: its volumes are not those of this pool, and its UUID is not the one that this pool expects.`,
    { hint: `Recreate that machine: kglab rebuild --node ${machine}` },
  );

/** UUIDs and names of all members except the lost one, as `survivor` knows them. */
const membersBut = (
  { machine }: LostIdentity,
  machines: readonly string[],
  survivor: string,
  view: readonly Peer[],
): readonly string[] =>
  view.flatMap((peer) => {
    const name = isSelf(peer) ? survivor : machines.find((one) => peer.names.includes(one));
    return name === undefined || name === machine ? [] : [peer.uuid, name];
  });

/**
 * Waits until the machine is a member and knows `volumes` volumes, and restarts glusterd in between. Throws
 * GLUSTER_PEER_TIMEOUT.
 */
export const syncVolumes = async (machine: string, volumes: number, context: StepContext): Promise<void> => {
  const { clock, signal } = context;
  const isInSync = async (): Promise<true | undefined> => {
    const peers = await poolOf(fresh(context), machine);
    if (!peers.some((peer) => !isSelf(peer) && peer.state === IN_CLUSTER && peer.connected)) return undefined;
    const known = await volumesOn(machine, context).catch(() => []);
    return known.length >= volumes ? true : undefined;
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (await waitFor(isInSync, { clock, signal, timeoutMs: SYNC_MS, everyMs: 500 })) return;
    signal.throwIfAborted();
    await checked(context.machine(machine), machine, restartGlusterd, {
      code: 'GLUSTER_FAILED',
      what: `Restarting glusterd on ${machine}`,
      signal,
    });
  }
  throw new CliError('GLUSTER_PEER_TIMEOUT', `${machine} did not receive the pool's volumes.`, {
    hint: `See the log of glusterd: kglab exec ${machine} -- tail -n 40 /var/log/glusterfs/glusterd.log\nThen run \`kglab up\` again.`,
  });
};

/**
 * Gives a recreated machine the UUID that the pool knows, and the members that `survivor` knows. Throws
 * GLUSTER_PEER_REJECTED when the machine has volumes of another pool.
 */
export const restoreIdentity = async (
  lost: LostIdentity,
  machines: readonly string[],
  survivor: string,
  context: StepContext,
): Promise<void> => {
  const { machine, uuid } = lost;
  context.say(`${machine} was recreated; restoring its Gluster UUID ${uuid}`);
  const volumes = await volumesOn(survivor, context);
  const bricks = volumes
    .flatMap((volume) => volume.bricks)
    .filter((brick) => brick.startsWith(`${machine}:`));
  const paths = bricks.map((brick) => brick.slice(machine.length + 1));
  const members = membersBut(lost, machines, survivor, await poolOf(context, survivor));
  const args = [uuid, await opVersion(survivor, context), ...paths, '--', ...members];
  const command = guestScript('gluster.sh', 'restore_identity', ...args);
  const result = await context.machine(machine).exec(command, { signal: context.signal });
  if (result.exitCode === HAS_VOLUMES) throw refused(machine);
  if (result.exitCode !== 0)
    throw new CommandError('GLUSTER_FAILED', machine, command, result, {
      what: `Restoring the Gluster identity of ${machine}`,
    });
  await syncVolumes(machine, volumes.length, context);
};
