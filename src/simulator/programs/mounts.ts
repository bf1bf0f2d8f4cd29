import { Files } from '../files.js';
import { mountVolume } from '../mounting.js';
import { options, UnknownUse, type Program } from '../program.js';

const umount: Program = ({ args, files, io, machine }) => {
  const { words } = options(args, { flags: ['l', 'f'] });
  const path = files.real(words[0] ?? '');
  const { running } = machine;
  if (running?.mounts[path] === undefined) {
    io.err(`umount: ${path}: not mounted.\n`);
    return 32;
  }
  delete running.mounts[path];
  for (const [unit, state] of Object.entries(running.units))
    if (unit.endsWith('.mount') && running.loaded[unit]?.includes(`Where=${path}\n`))
      state.state = 'inactive';
  return 0;
};

const mount: Program = async ({ sim, machine, args, io, sleep }) => {
  const { values, words } = options(args, { values: ['t', 'o'] });
  const [source = '', path = ''] = words;
  if (values['t'] !== 'glusterfs') throw new UnknownUse('mounting anything but glusterfs');
  await sleep(900);
  const backups = /backup-volfile-servers=([^,]*)/.exec(values['o'] ?? '')?.[1]?.split(':') ?? [];
  const failure = mountVolume(sim, machine, { source, path, backups });
  if (failure !== undefined) io.err(`${failure}\n`);
  return failure === undefined ? 0 : 1;
};

/** `unshare -m …`: a command whose unmounting nobody else sees. */
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
