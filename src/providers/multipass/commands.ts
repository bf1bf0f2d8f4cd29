import type { MachineSpec } from '../../machines/provider.js';

/** The release that `image: default` stands for. Pinned: multipass' own `default` and `lts` move with time. */
const DEFAULT_IMAGE = '24.04';

/** Exit code of a client whose own timer fired; the daemon carries on. */
export const CLIENT_TIMEOUT = 5;

export interface LaunchInput extends Omit<MachineSpec, 'userData'> {
  /** Image as the lab file names it. */
  readonly image: string;
  /** Limit of each phase in seconds, for the daemon and for the client. */
  readonly timeoutSeconds: number;
  /** Availability zone (1.17 and later): machines of one lab must share one to share a network. */
  readonly zone: string | undefined;
}

/** `multipass launch`; the user-data comes by stdin, as the snap's client reads hardly any path of the host. */
export const launchArgs = (input: LaunchInput): readonly string[] => [
  'launch',
  input.image === 'default' ? DEFAULT_IMAGE : input.image,
  ...['--name', input.name, '--cpus', String(input.cpus)],
  ...['--memory', `${input.memoryMiB}M`, '--disk', `${input.diskGiB}G`],
  ...['--timeout', String(input.timeoutSeconds), '--cloud-init', '-'],
  ...(input.zone === undefined ? [] : ['--zone', input.zone]),
];

/** An image that cannot be, so that nothing is ever launched; its refusal tells whether the name is in use. */
const NO_IMAGE = 'kglab-asks-whether-this-name-is-free';

/** Asks whether the daemon is preparing a machine of that name: until it is made, it is in no list. */
export const askPreparingArgs = (name: string): readonly string[] => [
  'launch',
  NO_IMAGE,
  '--name',
  name,
  '--timeout',
  '60',
];

/** All instances and their states. Without that option the daemon asks every running guest, and waits for each. */
export const statesArgs: readonly string[] = ['list', '--no-ipv4', '--format', 'json'];

/** Client and daemon versions; answered on the same thread as everything else. */
export const versionArgs: readonly string[] = ['version', '--format', 'json'];

/** The hypervisor driver in use. */
export const driverArgs: readonly string[] = ['get', 'local.driver'];

/** Fetches the lists of images anew, which cures a stale cache. */
export const refreshImagesArgs: readonly string[] = ['find', '--force-update', '--format', 'json'];

/** Starts one instance and waits that long for its SSH. */
export const startArgs = (name: string, timeoutSeconds: number): readonly string[] => [
  'start',
  name,
  '--timeout',
  String(timeoutSeconds),
];

/** Shuts one instance down, or drops its power (1.14 and later). */
export const stopArgs = (name: string, force: boolean): readonly string[] =>
  force ? ['stop', '--force', name] : ['stop', name];

/** Brings one soft-deleted instance back, stopped. */
export const recoverArgs = (name: string): readonly string[] => ['recover', name];

/** Removes one instance with its disk. Never without a name, never `--all`, never the global `purge`. */
export const deleteArgs = (name: string): readonly string[] => ['delete', '--purge', name];

/** Runs words in an instance, as its user; no mapping of the host's working directory. */
export const execArgs = (name: string, words: readonly string[]): readonly string[] => [
  'exec',
  '-n',
  name,
  '--',
  ...words,
];
