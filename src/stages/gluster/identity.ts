import { fresh, type StepContext } from '../../engine/context.js';
import { CliError } from '../../errors/cli-error.js';
import { checked } from '../../exec/checked.js';
import { cmd, sh } from '../../exec/command.js';
import { waitFor } from '../../util/wait.js';
import { must, volumesOn } from './ask.js';
import { gluster } from './commands.js';
import { IN_CLUSTER, REJECTED, type Peer } from './parse.js';

/** A machine that the others know under an identity that it does not have, or has not come to live by. */
export interface LostIdentity {
  readonly machine: string;
  readonly uuid: string;
}

const isSelf = ({ names }: Peer): boolean => names.includes('localhost');

/** Before a peer has answered for the first time, its UUID is all zeros. */
const isKnown = ({ uuid, state }: Peer): boolean =>
  /[1-9a-f]/.test(uuid) && (state === IN_CLUSTER || state === REJECTED);

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
 * Gives glusterd the UUID $1; op-version $2, survivor $3, then the machine's brick directories, which have to be there
 * when glusterd learns of their volume. A machine with volumes of its own is not one that was made anew.
 */
const RESTORE = `
set -e
info=/var/lib/glusterd/glusterd.info
if ! grep -qx "UUID=$1" $info && [ -n "$(ls -A /var/lib/glusterd/vols 2>/dev/null)" ]; then exit 17; fi
uuid=$1 version=$2
shift 2
for brick in "$@"; do mkdir -p "$brick"; done
systemctl stop glusterd
rm -rf /var/lib/glusterd/peers/*
printf 'UUID=%s\\noperating-version=%s\\n' "$uuid" "$version" > $info.kglab-new
sync $info.kglab-new
mv -f $info.kglab-new $info
systemctl start glusterd`;

const HAS_VOLUMES = 17;
/** glusterd learns of peers and volumes within a second or two of each handshake. */
const LEARN_MS = 30_000;

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

/** The machine takes the UUID that the pool knows it by, and is introduced to `survivor` again. */
export const restoreIdentity = async (
  { machine, uuid }: LostIdentity,
  survivor: string,
  context: StepContext,
): Promise<void> => {
  context.say(`${machine} was made anew; it gets back its place in the pool (UUID ${uuid})`);
  const { signal, clock } = context;
  const volumes = await volumesOn(survivor, context);
  const bricks = volumes
    .flatMap((volume) => volume.bricks)
    .filter((brick) => brick.startsWith(`${machine}:`));
  const paths = bricks.map((brick) => brick.slice(machine.length + 1));
  const command = sh(RESTORE, uuid, await opVersion(survivor, context), ...paths);
  const { exitCode } = await context.machine(machine).exec(command, { signal });
  if (exitCode === HAS_VOLUMES) throw refused(machine);
  await must(context, machine, gluster('peer', 'probe', survivor));
  // The handshake ends at "Accepted peer request"; from there only a restart leads on.
  await checked(context.machine(machine), machine, cmd('systemctl', 'restart', 'glusterd'), {
    code: 'GLUSTER_FAILED',
    what: `Restarting glusterd on ${machine}`,
    signal,
  });
  const learnt = await waitFor(
    async () =>
      (await volumesOn(machine, fresh(context)).catch(() => [])).length >= volumes.length ? true : undefined,
    { clock, signal, timeoutMs: LEARN_MS, everyMs: 500 },
  );
  if (learnt) return;
  throw new CliError('GLUSTER_PEER_TIMEOUT', `${machine} does not learn of the pool's volumes.`, {
    hint: `See its log: kglab exec ${machine} -- tail -n 40 /var/log/glusterfs/glusterd.log. Then run \`kglab up\` again.`,
  });
};
