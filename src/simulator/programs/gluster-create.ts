import { posix } from 'node:path';
import { Files } from '../world/files.js';
import { saveState } from '../gluster/glusterd-files.js';
import { glusterdRuns, peersOf } from '../gluster/glusterd.js';
import { reach } from '../world/network.js';
import type { Call } from './program.js';
import { idBytes } from '../world/volumes.js';
import { newUuid, type SimBrick, type SimMachine, type SimVolume } from '../world/world.js';
import { answer } from './gluster-xml.js';

const DEFAULTS = {
  'cluster.granular-entry-heal': 'on',
  'storage.fips-mode-rchecksum': 'on',
  'transport.address-family': 'inet',
  'nfs.disable': 'on',
  'performance.client-io-threads': 'off',
};

const failed = (error: string, errno = 30800): string => answer({ ret: -1, errno, error });

const parse = (
  words: readonly string[],
): Pick<SimVolume, 'replica' | 'arbiter' | 'bricks'> & { redundancy: number; force: boolean } => {
  const after = (name: string): number => {
    const at = words.indexOf(name);
    return at < 0 ? 0 : Number(words[at + 1]);
  };
  const bricks = words
    .filter((word) => word.includes(':/'))
    .map((word) => ({ machine: word.slice(0, word.indexOf(':')), path: word.slice(word.indexOf(':') + 1) }));
  return {
    bricks,
    replica: after('disperse') || after('replica') || 1,
    redundancy: after('redundancy'),
    arbiter: after('arbiter'),
    force: words.includes('force'),
  };
};

/** The machine of a brick, if it is a connected peer. */
const hostOf = ({ world, machine }: Call, { machine: name }: SimBrick): SimMachine | undefined => {
  const found = reach(world, machine, name);
  if (found === undefined || found === machine) return found;
  const member = peersOf(world, machine).some(
    ({ names, connected, state }) => names.includes(name) && connected && state !== 6,
  );
  return member && glusterdRuns(found) ? found : undefined;
};

const obstacle = (call: Call, volume: SimVolume, force: boolean): string | undefined => {
  for (const brick of volume.bricks) {
    const { machine, path } = brick;
    const host = hostOf(call, brick);
    if (host === undefined) return `Host ${machine} not connected`;
    const taken = Object.values(call.world.volumes).some((other) =>
      other.bricks.some((one) => one.machine === machine && one.path === path),
    );
    if (taken)
      return `Brick: ${machine}:${path} not available. Brick may be containing or be contained by an existing brick.`;
    const files = new Files(call.world, host);
    if (!files.isDir(posix.dirname(path)))
      return `Failed to create brick directory for brick ${machine}:${path}. Reason : No such file or directory `;
    if (!force)
      return `The brick ${machine}:${path} is being created in the root partition. It is recommended that you don't use the system's root partition for storage backend. Or use 'force' at the end of the command if you want to override this behavior.`;
  }
  return undefined;
};

/** `gluster volume create …` */
export const createVolume = (call: Call, [name = '', ...words]: readonly string[]): string => {
  const { world, machine } = call;
  if (machine.volumes.some((id) => world.volumes[id]?.name === name))
    return failed(`Volume ${name} already exists`, 0);
  const { bricks, replica, arbiter, redundancy, force } = parse(words);
  const id = newUuid(world);
  const volume: SimVolume = {
    ...{ id, name, replica, arbiter, bricks, status: 'Created', files: {}, stale: {} },
    ...(redundancy > 0 && { redundancy }),
    options: { ...DEFAULTS, ...(replica >= 3 && redundancy === 0 && { 'cluster.quorum-type': 'auto' }) },
  };
  const why = obstacle(call, volume, force);
  if (why !== undefined) return failed(why);
  world.volumes[id] = volume;
  for (const brick of bricks) {
    const host = hostOf(call, brick) as SimMachine;
    const files = new Files(world, host);
    files.mkdirs(brick.path);
    files.mkdirs(`${brick.path}/.glusterfs`);
    files.change(brick.path, { xattrs: { 'trusted.glusterfs.volume-id': idBytes(volume) } });
  }
  const members = [
    machine,
    ...peersOf(world, machine).flatMap(({ names, connected }) =>
      connected ? [reach(world, machine, names[0] ?? '')] : [],
    ),
  ];
  for (const member of members) {
    if (member === undefined || member.volumes.includes(id)) continue;
    member.volumes.push(id);
    saveState(world, member);
  }
  return answer({}, [
    'volCreate',
    [
      [
        'volume',
        [
          ['name', name],
          ['id', id],
        ],
      ],
    ],
  ]);
};
