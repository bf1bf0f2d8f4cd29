import { Files } from '../world/files.js';
import { wakeKeepers } from '../world/keeper-rounds.js';
import { mountVolume } from '../gluster/mounting.js';
import { options, UnknownUse, type Call, type Program } from './program.js';

const umount: Program = ({ args, files, io, machine, world }) => {
  const { words } = options(args, { flags: ['l', 'f'] });
  if (words.length !== 1) throw new UnknownUse(`umount ${args.join(' ')}`);
  const path = files.real(words[0] ?? '');
  const { running } = machine;
  if (running?.mounts[path] === undefined) {
    io.err(`umount: ${path}: not mounted.\n`);
    return 32;
  }
  delete running.mounts[path];
  for (const [unit, state] of Object.entries(running.units))
    if (unit.endsWith('.mount') && running.loaded[unit]?.includes(`Where=${path}\n`)) {
      state.state = 'inactive';
      wakeKeepers(world);
    }
  return 0;
};

/** `mount --bind`: mounts a folder of a mounted volume at a second path. */
const bind = ({ files, machine, io }: Call, [source = '', path = '']: readonly string[]): number => {
  const { running } = machine;
  const from = files.real(source);
  const mount = files.mountOf(from);
  const found = mount === undefined ? undefined : running?.mounts[mount];
  if (mount === undefined || found === undefined || !running)
    throw new UnknownUse(`mount --bind of what is on no volume: ${source}`);
  if (!files.isDir(source) || !files.isDir(path)) {
    io.err(`mount: ${path}: special device ${source} does not exist.\n`);
    return 32;
  }
  const root = (found.root ?? '') + from.slice(mount.length);
  running.mounts[files.real(path)] = {
    source: found.source,
    volume: found.volume,
    ...(root !== '' && { root }),
  };
  return 0;
};

/** Options of mount.glusterfs without effect in the simulator. */
const MOUNT_OPTIONS = /^(attribute-timeout|entry-timeout|negative-timeout)=0$/;

const mount: Program = async (call) => {
  const { sim, machine, args, io, sleep } = call;
  if (args[0] === '--bind') return bind(call, args.slice(1));
  const { values, words } = options(args, { values: ['t', 'o'] });
  const [source = '', path = ''] = words;
  if (values['t'] !== 'glusterfs' || words.length !== 2)
    throw new UnknownUse('mounting anything but glusterfs');
  const given = (values['o'] ?? '').split(',').filter((one) => one !== '');
  const backup = given.find((one) => one.startsWith('backup-volfile-servers='));
  const strange = given.find((one) => one !== backup && !MOUNT_OPTIONS.test(one));
  if (strange !== undefined) throw new UnknownUse(`mount option ${strange}`);
  await sleep(900);
  const backups = backup?.slice(backup.indexOf('=') + 1).split(':') ?? [];
  const failure = mountVolume(sim, machine, { source, path: call.files.real(path), backups });
  if (failure !== undefined) io.err(`${failure}\n`);
  return failure === undefined ? 0 : 1;
};

/** `unshare -m …`: runs a command with mounts of its own. */
const unshare: Program = async (call) => {
  const at = call.args.findIndex(
    (arg, index) => !arg.startsWith('-') && call.args[index - 1] !== '--propagation',
  );
  const { running } = call.machine;
  if (!call.args.slice(0, at).includes('-m') || running === undefined)
    throw new UnknownUse('unshare without -m');
  const machine = { ...call.machine, running: { ...running, mounts: { ...running.mounts } } };
  return call.run(call.args.slice(at), { machine, files: new Files(call.world, machine) });
};

const mountpoint: Program = ({ args, files, machine, io }) => {
  const { flags, words } = options(args, { flags: ['q'] });
  const isOne = machine.running?.mounts[files.real(words[0] ?? '')] !== undefined;
  if (!flags.has('q')) io.out(`${words[0]} is ${isOne ? '' : 'not '}a mountpoint\n`);
  return isOne ? 0 : 32;
};

/** Programs that mount. */
export const MOUNT_PROGRAMS: Readonly<Record<string, Program>> = { mount, umount, unshare, mountpoint };
