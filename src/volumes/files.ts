import { basename, dirname, resolve } from 'node:path';
import type { StepContext } from '../engine/context.js';
import { CliError } from '../errors/cli-error.js';
import { checked } from '../exec/checked.js';
import { cmd, sh, type Command } from '../exec/command.js';
import type { Machine } from '../machines/provider.js';

/** Sets `$target` to $2 below the volume $1; nothing outside of it is touched, not through a link either. */
const INSIDE = `
root=$(realpath -e -- "$1") || { echo "there is no directory $1" >&2; exit 1; }
target=$(realpath -m -- "$root/$2")
case $target/ in "$root"/*) ;; *) echo "$2 leads out of the volume" >&2; exit 1 ;; esac
`;

/** Lists a path in a volume. */
export const listCommand = (root: string, path: string): Command =>
  sh(`${INSIDE}exec ls -la -- "$target"`, root, path);

/** Prints a file of a volume. */
export const catCommand = (root: string, path: string): Command =>
  sh(`${INSIDE}exec cat -- "$target"`, root, path);

/**
 * Writes an archive of a path under the name $3; when that is `.`, of what a directory holds, without the directory
 * itself, whose owner and mode are not to be those of the place that it is poured into.
 */
const PACK = `
if [ "$3" = . ]; then
  cd -- "$target" && ls -A >/dev/null || exit 1
  find . -mindepth 1 -maxdepth 1 -print0 | tar --numeric-owner --null -T - -cf -
  exit
fi
[ -e "$target" ] || [ -L "$target" ] || { echo "there is no $2" >&2; exit 1; }
top=$(basename -- "$target")
parent=$(dirname -- "$target")
if [ "$top" = "$3" ]; then exec tar -C "$parent" --numeric-owner -cf - -- "$top"; fi
# A link: what it leads to goes by the name of the link.
name=$(printf %s "$3" | sed 's/[\\\\&,]/\\\\&/g')
exec tar -C "$parent" --numeric-owner --transform "s,^[^/]*,$name,S" -cf - -- "$top"`;

/**
 * Unpacks such an archive: into a directory that exists, else under the name asked for. $3 is the name at the top of
 * the archive.
 */
const UNPACK = `
set -e
if [ "$3" = . ]; then mkdir -p -- "$target"; exec tar -C "$target" -xf -; fi
if [ -d "$target" ]; then exec tar -C "$target" -xf -; fi
case $2 in */) mkdir -p -- "$target"; exec tar -C "$target" -xf - ;; esac
parent=$(dirname -- "$target")
mkdir -p -- "$parent"
new=$(mktemp -d -- "$parent/.kglab-cp.XXXXXX")
trap 'rm -rf -- "$new"' EXIT
tar -C "$new" -xf -
mv -fT -- "$new/$3" "$target"`;

const HERE = 'target=$(realpath -m -- "$1/$2")\n';

/** A place that things are copied from or to: in a volume, or on this host. */
export interface CopyEnd {
  /** Directory of the claim; undefined on the host. */
  readonly root: string | undefined;
  readonly path: string;
}

/** The name that an archive of a path has at its top: `.` when the path ends so, which means its contents. */
export const topOf = (path: string): string =>
  /(^|\/)\.?$/.test(path) && !/[^/.]\/$/.test(path) ? '.' : basename(path);

const side = ({ root, path }: CopyEnd, script: string, top: string): Command => {
  if (root !== undefined) return sh(`${INSIDE}${script}`, root, path, top);
  const full = resolve('/', path);
  return sh(`${HERE}${script}`, dirname(full), `${basename(full)}${path.endsWith('/') ? '/' : ''}`, top);
};

const onHost = async (machine: Machine, command: Command): Promise<Command> => {
  if (machine.hostCommand === undefined)
    throw new CliError('USAGE', 'This provider has no machines that files could be copied to or from.');
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
  const pack = side(from, PACK, top);
  const unpack = side(to, UNPACK, top);
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
