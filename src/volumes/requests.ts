import { CliError } from '../errors/cli-error.js';
import type { StepContext } from '../engine/context.js';
import { checked } from '../exec/checked.js';
import { guestScript } from '../guest/script.js';

/** The keepers look every second; Gluster's own commands take up to some seconds each. */
const REQUEST_MS = 90_000;

/** What a request does, up to the name of the directory. */
const WORK = {
  limit: 'Setting the quota of',
  create: 'Creating the volume of',
  delete: 'Deleting the volume of',
} as const;

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
  await checked(
    context.machine(machine),
    machine,
    guestScript('volumes.sh', 'request', mount, kind, directory, value),
    {
      code: 'VOLUME_FAILED',
      what: `${WORK[kind]} ${directory}`,
      hint: `Read the log of the keeper (kglab's service on the machines): kglab exec ${machine} -- journalctl -u kglab-keeper -n 30`,
      signal: context.signal,
      timeoutMs: REQUEST_MS,
    },
  );
};

/** Brings the catalogue on the volumes up to date with the cluster. False when the cluster does not answer. */
export const syncCatalogue = async (server: string, context: StepContext): Promise<boolean> => {
  const { exitCode } = await context
    .machine(server)
    .exec(guestScript('volumes.sh', 'sync_catalogue'), { signal: context.signal, timeoutMs: 60_000 });
  return exitCode === 0;
};

/** A name that is also one file name and one word of a shell. */
export const assertFileName = (name: string, what: string): void => {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$/.test(name)) return;
  throw new CliError('USAGE', `${what} cannot be called ${JSON.stringify(name)}.`, {
    hint: 'Use letters, digits, ., - and _, and begin with a letter or digit.',
  });
};
