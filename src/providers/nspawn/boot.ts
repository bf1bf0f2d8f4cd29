import { stat } from 'node:fs/promises';
import { checked } from '../../exec/checked.js';
import { cmd, sh, type Command, type ExecOptions, type Executor } from '../../exec/command.js';
import { spawnDetached } from '../../exec/spawn.js';
import { makeGroups, readCgroupLayout, type Limits } from './cgroup.js';
import { OWN_FOLDERS, type MachinePaths } from './paths.js';

export interface BootInput {
  /** Host name of the machine. */
  readonly name: string;
  /** Name for systemd-nspawn, which derives the interface's name from it. */
  readonly nspawnName: string;
  readonly bridge: string;
  readonly group: string;
  readonly paths: MachinePaths;
  readonly limits: Limits;
}

/**
 * The systemd-nspawn command of a machine. FUSE, trusted.* attributes and containers need all capabilities and no user
 * namespace. Works without systemd and D-Bus on the host.
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
 * $1 boot file, then the control groups to join up to `--`, then the program, which keeps this process id. The shell
 * writes its process id to the boot file before `exec`, so a kglab that is killed meanwhile cannot lose it.
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
 * Exit code of systemd-nspawn when the machine reboots (its manual, "Exit status"): with --keep-unit, its manager must
 * start it again.
 */
const REBOOT = 133;

/** That manager on a host without systemd: $1 the script above, then its arguments. Ends with the machine. */
const KEEP = `script=$1; shift; while :; do sh -c "$script" sh "$@"; [ $? = ${REBOOT} ] || exit; done`;

const launch = (input: BootInput, joins: readonly string[]): Command => {
  const { file, args } = nspawnCommand(input);
  return sh(LAUNCH, input.paths.boot, ...joins, '--', file, ...args);
};

const keep = (input: BootInput, joins: readonly string[]): Command => {
  const [, script = '', , ...args] = launch(input, joins).args;
  return sh(KEEP, script, ...args);
};

/** Switches off the system call filter of systemd-nspawn, which is too strict for k3s. */
const ENVIRONMENT = { SYSTEMD_SECCOMP: '0' };

/** Whether systemd runs the host; it owns the control groups then. */
export const hasSystemd = async (): Promise<boolean> =>
  stat('/run/systemd/system').then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Path of a machine's control group below the root of each hierarchy. */
export const groupPath = (group: string, systemd: boolean): string =>
  systemd ? `system.slice/${group}.service` : group;

/** The command that starts the machine as a unit, on a host with systemd. */
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

/** Starts the machine's systemd-nspawn, which outlives kglab. Does not wait for the boot. */
export const bootMachine = async (host: Executor, input: BootInput, options: ExecOptions): Promise<void> => {
  if (await hasSystemd()) {
    await checked(host, 'the host', unitCommand(input), { ...options, code: 'MACHINE_FAILED' });
    return;
  }
  const joins = await makeGroups(await readCgroupLayout(), input.group, input.limits);
  await spawnDetached({ ...keep(input, joins), env: ENVIRONMENT }, input.paths.log);
};
