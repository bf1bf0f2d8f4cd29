import type { MachineSpec } from '../../machines/provider.js';

/** The release for `image: default`. Pinned: the aliases `default` and `lts` of multipass change over time. */
const DEFAULT_IMAGE = '24.04';

/** Exit code of the client when its own timer fired; the daemon continues. */
export const CLIENT_TIMEOUT = 5;

export interface LaunchInput extends Omit<MachineSpec, 'userData'> {
  /** Image as the lab file names it. */
  readonly image: string;
  /** Limit of each phase in seconds, for the daemon and for the client. */
  readonly timeoutSeconds: number;
  /** Availability zone (1.17 and later): machines of one lab must share one to share a network. */
  readonly zone: string | undefined;
}

/** `multipass launch`; reads the user-data from stdin, because a snap can read hardly any path of the host. */
export const launchArgs = (input: LaunchInput): readonly string[] => [
  'launch',
  input.image === 'default' ? DEFAULT_IMAGE : input.image,
  ...['--name', input.name, '--cpus', String(input.cpus)],
  ...['--memory', `${input.memoryMiB}M`, '--disk', `${input.diskGiB}G`],
  ...['--timeout', String(input.timeoutSeconds), '--cloud-init', '-'],
  ...(input.zone === undefined ? [] : ['--zone', input.zone]),
];

/** An image that does not exist: the launch always fails, and its error shows whether the name is in use. */
const NO_IMAGE = 'kglab-asks-whether-this-name-is-free';

/** Asks whether the daemon is preparing an instance of that name: until it is created, `list` does not show it. */
export const askPreparingArgs = (name: string): readonly string[] => [
  'launch',
  NO_IMAGE,
  '--name',
  name,
  '--timeout',
  '60',
];

/** All instances and their states. Without --no-ipv4 the daemon asks every running guest and waits for each. */
export const statesArgs: readonly string[] = ['list', '--no-ipv4', '--format', 'json'];

/** Client and daemon versions. The daemon answers on its only thread, so a blocked daemon does not answer. */
export const versionArgs: readonly string[] = ['version', '--format', 'json'];

/** The hypervisor driver in use. */
export const driverArgs: readonly string[] = ['get', 'local.driver'];

/** Downloads the image lists again, which repairs a stale cache. */
export const refreshImagesArgs: readonly string[] = ['find', '--force-update', '--format', 'json'];

/** Starts one instance and waits up to `timeoutSeconds` for its SSH. */
export const startArgs = (name: string, timeoutSeconds: number): readonly string[] => [
  'start',
  name,
  '--timeout',
  String(timeoutSeconds),
];

/** Shuts one instance down, or cuts its power (1.14 and later). */
export const stopArgs = (name: string, force: boolean): readonly string[] =>
  force ? ['stop', '--force', name] : ['stop', name];

/** Recovers one soft-deleted instance; it is stopped then. */
export const recoverArgs = (name: string): readonly string[] => ['recover', name];

/** Removes one instance with its disk. Never without a name, never `--all`, never the global `purge`. */
export const deleteArgs = (name: string): readonly string[] => ['delete', '--purge', name];

/** Runs a command in an instance as its user, without mapping the host's working directory. */
export const execArgs = (name: string, words: readonly string[]): readonly string[] => [
  'exec',
  '-n',
  name,
  '--',
  ...words,
];
