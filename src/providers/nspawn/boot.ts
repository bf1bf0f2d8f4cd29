import { stat } from 'node:fs/promises';
import { checked } from '../../exec/checked.js';
import { cmd, sh, type Command, type ExecOptions, type Executor } from '../../exec/command.js';
import { spawnDetached } from '../../exec/spawn.js';
import { makeGroups, readCgroupLayout, type Limits } from './cgroup.js';
import { OWN_FOLDERS, type MachinePaths } from './paths.js';

export interface BootInput {
  /** Host name of the machine. */
  readonly name: string;
  /** Name for systemd-nspawn, of which the interface's name is made. */
  readonly nspawnName: string;
  readonly bridge: string;
  readonly group: string;
  readonly paths: MachinePaths;
  readonly limits: Limits;
}

/**
 * systemd-nspawn of a machine. All capabilities and no user namespace: FUSE, trusted.* attributes and containers need
 * them. Nothing of it depends on systemd or D-Bus on the host.
 */
export const nspawnCommand = ({ name, nspawnName, bridge, paths }: BootInput): Command =>
  cmd(
    'systemd-nspawn',
    ...['-D', paths.root, '-M', nspawnName, `--hostname=${name}`, '--boot', '--quiet'],
    ...['--register=no', '--keep-unit', '--notify-ready=yes', `--network-bridge=${bridge}`],
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no', '--capability=all'],
    ...['--bind=/dev/fuse', '--bind=/dev/kmsg'],
    ...OWN_FOLDERS.map(({ folder, target }) => `--bind=${escapeColons(paths.own(folder))}:${target}`),
  );

const escapeColons = (path: string): string => path.replaceAll(/[\\:]/g, String.raw`\$&`);

/**
 * $1 boot file, then the groups to join up to `--`, then the program, which keeps this process's number. The process
 * writes itself down before it becomes anything, so no kglab that dies meanwhile can lose it.
 */
const LAUNCH = [
  'umask 022',
  '{ cat /proc/sys/kernel/random/boot_id && cat "/proc/$$/stat"; } > "$1.new" && mv -f "$1.new" "$1" || exit',
  'shift',
  'while [ "$1" != -- ]; do echo $$ > "$1" || exit; shift; done',
  'shift',
  'exec "$@"',
].join('\n');

/**
 * systemd-nspawn's exit code for "the machine reboots, start me again" (its manual, "Exit status"): with --keep-unit it
 * leaves that to its manager.
 */
const REBOOT = 133;

/** Such a manager where there is no systemd: $1 the script above, then its arguments. Ends with the machine. */
const KEEP = `script=$1; shift; while :; do sh -c "$script" sh "$@"; [ $? = ${REBOOT} ] || exit; done`;

const launch = (input: BootInput, joins: readonly string[]): Command => {
  const { file, args } = nspawnCommand(input);
  return sh(LAUNCH, input.paths.boot, ...joins, '--', file, ...args);
};

const keep = (input: BootInput, joins: readonly string[]): Command => {
  const [, script = '', , ...args] = launch(input, joins).args;
  return sh(KEEP, script, ...args);
};

/** The sandbox's system call filter is for containers that are less than machines. */
const ENVIRONMENT = { SYSTEMD_SECCOMP: '0' };

/** Whether the host itself is run by systemd, which then owns the control groups. */
export const hasSystemd = async (): Promise<boolean> =>
  stat('/run/systemd/system').then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Path of a machine's group below the root of each tree of control groups. */
export const groupPath = (group: string, systemd: boolean): string =>
  systemd ? `system.slice/${group}.service` : group;

/** The unit on a host with systemd. */
export const unitCommand = (input: BootInput): Command => {
  const { group, paths, limits } = input;
  const properties = [
    ...[`RestartForceExitStatus=${REBOOT}`, `SuccessExitStatus=${REBOOT}`],
    ...['Delegate=yes', 'KillMode=mixed', 'OOMPolicy=continue', 'TasksMax=infinity'],
    ...[`MemoryMax=${limits.memoryMiB}M`, `CPUQuota=${limits.cpus * 100}%`],
    ...[`StandardOutput=append:${paths.log}`, `StandardError=append:${paths.log}`],
  ];
  const { file, args } = launch(input, []);
  // systemd replaces variables in a unit's command line: `$$` stands for one dollar sign.
  const words = [file, ...args].map((word) => word.replaceAll('$', '$$$$'));
  return cmd(
    'systemd-run',
    ...[`--unit=${group}.service`, '--collect', '--quiet', `--description=kglab machine ${input.name}`],
    ...properties.flatMap((property) => ['-p', property]),
    ...Object.entries(ENVIRONMENT).map(([name, value]) => `--setenv=${name}=${value}`),
    ...['--', ...words],
  );
};

/** Starts the machine's systemd-nspawn so that it outlives kglab. Does not wait for anything. */
export const bootMachine = async (host: Executor, input: BootInput, options: ExecOptions): Promise<void> => {
  if (await hasSystemd()) {
    await checked(host, 'the host', unitCommand(input), { ...options, code: 'MACHINE_FAILED' });
    return;
  }
  const joins = await makeGroups(await readCgroupLayout(), input.group, input.limits);
  await spawnDetached({ ...keep(input, joins), env: ENVIRONMENT }, input.paths.log);
};
