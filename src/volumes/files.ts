import { basename, dirname, resolve } from 'node:path';
import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { cmd, type Command } from '../exec/command.js';
import type { Machine } from '../machines/provider.js';
import { guestScript } from '../guest/script.js';

/** Lists a path in a volume. */
export const listCommand = (root: string, path: string): Command =>
  guestScript('files.sh', 'list_inside', root, path);

/** Prints a file of a volume. */
export const catCommand = (root: string, path: string): Command =>
  guestScript('files.sh', 'cat_inside', root, path);

/** A place that things are copied from or to: in a volume, or on this host. */
export interface CopyEnd {
  /** Directory of the claim; undefined on the host. */
  readonly root: string | undefined;
  readonly path: string;
}

/** The name that an archive of a path has at its top: `.` when the path ends so, which means its contents. */
export const topOf = (path: string): string =>
  /(^|\/)\.?$/.test(path) && !/[^/.]\/$/.test(path) ? '.' : basename(path);

const side = ({ root, path }: CopyEnd, verb: 'pack' | 'unpack', top: string): Command => {
  if (root !== undefined) return guestScript('files.sh', `${verb}_inside`, root, path, top);
  const full = resolve('/', path);
  const name = `${basename(full)}${path.endsWith('/') ? '/' : ''}`;
  return guestScript('files.sh', `${verb}_here`, dirname(full), name, top);
};

const onHost = async (machine: Machine, command: Command): Promise<Command> => {
  if (machine.hostCommand === undefined)
    throw new CliError('USAGE', 'This provider cannot copy files to or from machines.');
  return machine.hostCommand(command);
};

/** Words of a command with its environment in front, for a pipe in a shell. */
const wordsOf = ({ file, args, env = {}, cleanEnv = false }: Command): readonly string[] => [
  'env',
  ...(cleanEnv ? ['-i'] : []),
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  file,
  ...args,
];

/** Copying some GiB through a pipe. */
const COPY_MS = 3_600_000;

/**
 * The number of words of the first command comes first. A failure of either end of the pipe is one of the whole, and
 * both ends go when it is stopped: with -m they are a process group of their own.
 */
const PIPE = `
set -m
n=$1
shift
( set -o pipefail; "\${@:1:n}" | "\${@:n+1}" ) &
trap 'kill -- -$!' TERM INT
wait $!`;

/** Copies files and directories between this host and a volume, keeping modes, owners and times. */
export const copy = async (
  from: CopyEnd,
  to: CopyEnd,
  machine: Machine,
  context: Pick<StepContext, 'host' | 'signal'>,
): Promise<void> => {
  const top = topOf(from.path);
  const pack = side(from, 'pack', top);
  const unpack = side(to, 'unpack', top);
  const first = wordsOf(from.root === undefined ? pack : await onHost(machine, pack));
  const second = wordsOf(to.root === undefined ? unpack : await onHost(machine, unpack));
  const pipe = cmd('bash', '-c', PIPE, 'bash', String(first.length), ...first, ...second);
  await checked(context.host, 'host', pipe, {
    code: 'VOLUME_FAILED',
    what: `Copying ${from.path || '/'} to ${to.path || '/'}`,
    signal: context.signal,
    timeoutMs: COPY_MS,
  });
};
