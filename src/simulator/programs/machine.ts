import { unitName } from '../../guest/layout.js';
import { Input } from '../shell/streams.js';
import { reach } from '../world/network.js';
import { options, UnknownUse, type Program } from './program.js';

const sh: Program = (call) => {
  const { args } = call;
  if (args[0] === '-c') return call.shell(args[1] ?? '', args.slice(3), args[2]);
  const [path = '', ...rest] = args;
  if (path.startsWith('-') || path === '') throw new UnknownUse(`sh ${args.join(' ')}`);
  return call.shell(call.files.read(path), rest, path);
};

const ip: Program = ({ args, io, machine }) => {
  const words = args.join(' ');
  if (words === 'route') return (io.out(`default via 10.213.0.1 dev eth0 src ${machine.address}\n`), 0);
  if (/^link delete \S+$/.test(words)) {
    io.err(`Cannot find device "${args[2]}"\n`);
    return 1;
  }
  if (!/^(-o )?(-4 )?addr( show)?( scope global)?$/.test(words)) throw new UnknownUse(`ip ${words}`);
  if (!words.includes('global'))
    io.out('1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n');
  io.out(`2: eth0    inet ${machine.address}/16 metric 100 scope global eth0\\       valid_lft forever\n`);
  return 0;
};

const ping: Program = async ({ args, world, machine, io, sleep }) => {
  const name = args.at(-1) ?? '';
  await sleep(10);
  const found = reach(world, machine, name);
  io.out(found ? `64 bytes from ${found.address}\n` : `ping: ${name}: no answer\n`);
  return found ? 0 : 1;
};

/** The magic numbers of file systems in statfs(2), in hexadecimal. */
const MAGIC = { fuse: '65735546', ext4: 'ef53' } as const;

const stat: Program = ({ args, files, io }) => {
  const { flags, values, words } = options(args, { flags: ['f', 'L'], values: ['c'] });
  const [path = ''] = words;
  if (words.length !== 1) throw new UnknownUse(`stat ${args.join(' ')}`);
  if (!files.exists(path)) {
    io.err(`stat: cannot stat '${path}': No such file or directory\n`);
    return 1;
  }
  const mounted = files.mountOf(files.real(path)) !== undefined;
  const {
    mode,
    owner = 'root:root',
    kind,
    text,
    mtime,
  } = files.own(path) ?? ({ mode: '0644', kind: 'file', text: '' } as const);
  const format = values['c'] ?? '';
  const facts: Readonly<Record<string, string>> = flags.has('f')
    ? {
        '%t': mounted ? MAGIC.fuse : MAGIC.ext4,
        '%T': path.startsWith('/sys/fs/cgroup') ? 'cgroup2fs' : mounted ? 'fuseblk' : 'ext2/ext3',
      }
    : {
        '%a': mode.replace(/^0/, ''),
        '%U': owner.split(':')[0] ?? '',
        '%G': owner.split(':')[1] ?? '',
        '%s': String(text.length),
        ...(mtime !== undefined && { '%Y': String(Math.floor(mtime / 1000)) }),
        '%F': kind === 'dir' ? 'directory' : kind === 'link' ? 'symbolic link' : 'regular file',
      };
  io.out(
    `${format.replaceAll(/%./g, (place) => {
      const value = facts[place];
      if (value === undefined) throw new UnknownUse(`stat ${place}`);
      return value;
    })}\n`,
  );
  return 0;
};

const journalctl: Program = ({ args, io, machine }) => {
  const { values } = options(args, { flags: ['no-pager', 'q', 'b'], values: ['u', 'n', 'o', 'since', 'p'] });
  const unit = values['u']?.replace(/\.service$/, '');
  const lines = machine.journal
    .filter((entry) => unit === undefined || entry.unit === unit)
    .map(({ line }) => line);
  for (const line of lines.slice(-Number(values['n'] ?? 1000))) io.out(`${line}\n`);
  return 0;
};

const systemdEscape: Program = ({ args, io }) => {
  const { flags, values, words } = options(args, { flags: ['path'], values: ['suffix'] });
  if (!flags.has('path') || values['suffix'] !== 'mount')
    throw new UnknownUse('systemd-escape for anything but mounts');
  io.out(`${unitName(words[0] ?? '')}\n`);
  return 0;
};

const sleep: Program = async ({ args, sleep: wait }) => {
  await wait(Number.parseFloat(args[0] ?? '0') * 1000);
  return 0;
};

const xargs: Program = async (call) => {
  const words = call.io.input
    .rest()
    .split(/\s+/)
    .filter((word) => word !== '');
  const { words: command, flags } = options(call.args, { flags: ['r'] });
  if (words.length === 0 && flags.has('r')) return 0;
  return call.run([...command, ...words], { io: { ...call.io, input: new Input('') } });
};

const DATE_PLACES: Readonly<Record<string, (time: Date) => string>> = {
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  Y: (time) => time.toISOString().slice(0, 4),
  m: (time) => time.toISOString().slice(5, 7),
  d: (time) => time.toISOString().slice(8, 10),
  H: (time) => time.toISOString().slice(11, 13),
  M: (time) => time.toISOString().slice(14, 16),
  S: (time) => time.toISOString().slice(17, 19),
};

const date: Program = ({ args, io, sim }) => {
  const [format = '', ...more] = args.filter((arg) => arg !== '-u');
  if (!format.startsWith('+') || more.length > 0) throw new UnknownUse(`date ${args.join(' ')}`);
  const filled = format.slice(1).replaceAll(/%(.)/g, (place, letter: string) => {
    const value = DATE_PLACES[letter]?.(new Date(sim.now));
    if (value === undefined) throw new UnknownUse(`date ${place}`);
    return value;
  });
  io.out(`${filled}\n`);
  return 0;
};

/** Programs that show or run something on the machine. */
export const MACHINE_PROGRAMS: Readonly<Record<string, Program>> = {
  ...{ sh, ip, ping, stat, journalctl, sleep, xargs },
  'systemd-escape': systemdEscape,
  hostname: ({ io, machine }) => (
    io.out(`${machine.disk['/etc/hostname']?.text.trim() ?? machine.spec.name}\n`),
    0
  ),
  id: ({ io }) => (io.out('0\n'), 0),
  uname: ({ io }) => (io.out('Linux\n'), 0),
  true: () => 0,
  false: () => 1,
  echo: ({ args, io }) => (io.out(`${args.join(' ')}\n`), 0),
  modprobe: () => 0,
  df: ({ io }) => (
    io.out('Filesystem Type Size Used Avail Use% Mounted on\n/dev/vda1 ext4 10G 2G 8G 20% /\n'),
    0
  ),
  ps: ({ io }) => (io.out('PID PPID COMMAND\n1 0 systemd\n'), 0),
  // Single processes are not simulated: there is never one to find.
  pkill: () => 1,
  pgrep: () => 1,
  kill: () => 1,
  date,
  nproc: ({ io, machine }) => (io.out(`${machine.spec.cpus}\n`), 0),
};
