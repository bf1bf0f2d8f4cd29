import { CliError } from '../errors/cli-error.js';
import type { StepContext } from '../engine/context.js';
import { checked } from '../exec/checked.js';
import { sh } from '../exec/command.js';
import { PATHS } from '../guest/layout.js';

/** The keepers look every second; Gluster's own commands take up to some seconds each. */
const REQUEST_MS = 90_000;

/** Leaves a request to the keepers on the volume at $1 and waits until it is met. */
const REQUEST = `
file="$1/.kglab/requests/$2.$3"
mkdir -p "\${file%/*}" && rm -f "$file.failed" && printf %s "$4" > "$1/.kglab/requests/.$2.$3" && mv "$1/.kglab/requests/.$2.$3" "$file" || exit 1
while [ -e "$file" ]; do sleep 0.3; done
[ ! -e "$file.failed" ] || { cat "$file.failed" >&2; exit 1; }`;

/** Asks the keepers for what the provisioner's helper pods ask of them, too. */
export const request = async (
  kind: 'limit' | 'create' | 'delete',
  {
    mount,
    directory,
    value = '',
  }: { readonly mount: string; readonly directory: string; readonly value?: string },
  machine: string,
  context: StepContext,
): Promise<void> => {
  await checked(context.machine(machine), machine, sh(REQUEST, mount, kind, directory, value), {
    code: 'VOLUME_FAILED',
    what: `The request to ${kind} ${directory}`,
    hint: `See what the keepers say: kglab exec ${machine} -- journalctl -u kglab-keeper -n 30`,
    signal: context.signal,
    timeoutMs: REQUEST_MS,
  });
};

/** Brings the catalogue on the volumes up to date with the cluster. False when the cluster does not answer. */
export const syncCatalogue = async (server: string, context: StepContext): Promise<boolean> => {
  const { exitCode } = await context
    .machine(server)
    .exec(sh('[ ! -x "$1" ] || "$1" catalogue', PATHS.keeper), { signal: context.signal, timeoutMs: 60_000 });
  return exitCode === 0;
};

/** A name that is also one file name and one word of a shell. */
export const assertFileName = (name: string, what: string): void => {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$/.test(name)) return;
  throw new CliError('USAGE', `${what} cannot be called ${JSON.stringify(name)}.`, {
    hint: 'Use letters, digits, ., - and _, and begin with a letter or digit.',
  });
};
