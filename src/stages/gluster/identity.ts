import { fresh, type StepContext } from '../../engine/context.js';
import { CliError, CommandError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, sh } from '../../exec/command.js';
import { waitFor } from '../../util/wait.js';
import { poolOf, volumesOn } from './ask.js';
import { restartGlusterd } from './commands.js';
import { IN_CLUSTER, isSelf, type Peer } from './parse.js';

/** A machine that the others know under an identity that it does not have, or has not come to live by. */
export interface LostIdentity {
  readonly machine: string;
  readonly uuid: string;
}

/** Before a peer has answered for the first time, its UUID is all zeros. */
const isKnown = ({ uuid }: Peer): boolean => /[1-9a-f]/.test(uuid);

/**
 * Machines that were made anew: the pool knows their names under UUIDs that they do not have, or (when an earlier
 * repair was cut short) that they have while they are in no pool.
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
    // Without an answer nothing is known; a UUID with the names of two machines is another fault.
    if (self === undefined || uuid === undefined || uuids.size > 1) return [];
    if (known.some(({ names }) => machines.filter((name) => names.includes(name)).length > 1)) return [];
    const isMember = own.some((peer) => !isSelf(peer) && peer.state === IN_CLUSTER);
    return uuid !== self || !isMember ? [{ machine, uuid }] : [];
  });

/**
 * Gives glusterd the UUID $1, op-version $2, the directories of its bricks up to `--` (they have to be there when it
 * learns of their volumes), and the members of the pool: UUID and name each, written as glusterd itself does for
 * peers in state 3. A handshake by `peer probe` would do, too, but one that is cut short is never taken up again.
 */
const RESTORE = `
set -e
dir=/var/lib/glusterd
if ! grep -qx "UUID=$1" $dir/glusterd.info && [ -n "$(ls -A $dir/vols 2>/dev/null)" ]; then exit 17; fi
uuid=$1 version=$2
shift 2
while [ "$1" != -- ]; do mkdir -p "$1"; shift; done
shift
systemctl kill -s KILL glusterd.service 2>/dev/null || :
systemctl stop glusterd.service
rm -rf $dir/peers/*
while [ $# -gt 0 ]; do
  printf 'uuid=%s\\nstate=3\\nhostname1=%s\\n' "$1" "$2" > "$dir/peers/$1"
  shift 2
done
printf 'UUID=%s\\noperating-version=%s\\n' "$uuid" "$version" > $dir/glusterd.info.kglab-new
sync
mv -f $dir/glusterd.info.kglab-new $dir/glusterd.info
systemctl start glusterd`;

const HAS_VOLUMES = 17;
/** glusterd learns of peers and volumes within seconds of its start, or at the next one. */
const LEARN_MS = 12_000;
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
    `${machine} has volumes of its own and is not the machine that the pool knows by its name.`,
    { hint: `Build that machine anew: kglab rebuild --node ${machine}` },
  );

/** The names and UUIDs of all machines but one, as `survivor` knows them. */
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
 * Waits until the machine is a member and knows so many volumes; glusterd is started again in between. Throws
 * GLUSTER_PEER_TIMEOUT when that does not help.
 */
export const learn = async (machine: string, volumes: number, context: StepContext): Promise<void> => {
  const { clock, signal } = context;
  const look = async (): Promise<true | undefined> => {
    const peers = await poolOf(fresh(context), machine);
    if (!peers.some((peer) => !isSelf(peer) && peer.state === IN_CLUSTER && peer.connected)) return undefined;
    const known = await volumesOn(machine, context).catch(() => []);
    return known.length >= volumes ? true : undefined;
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (await waitFor(look, { clock, signal, timeoutMs: LEARN_MS, everyMs: 500 })) return;
    signal.throwIfAborted();
    await checked(context.machine(machine), machine, restartGlusterd, {
      code: 'GLUSTER_FAILED',
      what: `Restarting glusterd on ${machine}`,
      signal,
    });
  }
  throw new CliError('GLUSTER_PEER_TIMEOUT', `${machine} does not learn of the pool's volumes.`, {
    hint: `See its log: kglab exec ${machine} -- tail -n 40 /var/log/glusterfs/glusterd.log. Then run \`kglab up\` again.`,
  });
};

/** The machine takes the UUID that the pool knows it by, and the members that `survivor` knows. */
export const restoreIdentity = async (
  lost: LostIdentity,
  machines: readonly string[],
  survivor: string,
  context: StepContext,
): Promise<void> => {
  const { machine, uuid } = lost;
  context.say(`${machine} was made anew; it gets back its place in the pool (UUID ${uuid})`);
  const volumes = await volumesOn(survivor, context);
  const bricks = volumes
    .flatMap((volume) => volume.bricks)
    .filter((brick) => brick.startsWith(`${machine}:`));
  const paths = bricks.map((brick) => brick.slice(machine.length + 1));
  const members = membersBut(lost, machines, survivor, await poolOf(context, survivor));
  const command = sh(RESTORE, uuid, await opVersion(survivor, context), ...paths, '--', ...members);
  const result = await context.machine(machine).exec(command, { signal: context.signal });
  if (result.exitCode === HAS_VOLUMES) throw refused(machine);
  if (result.exitCode !== 0)
    throw new CommandError('GLUSTER_FAILED', machine, command, result, {
      what: `Giving ${machine} back its place in the pool`,
    });
  await learn(machine, volumes.length, context);
};
