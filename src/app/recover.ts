import { parse } from 'yaml';
import { serverMachine } from '../config/roles.js';
import { parseConfig } from '../config/parse.js';
import { cmd } from '../exec/command.js';
import type { MachineProvider } from '../providers/provider.js';
import { parseRecord, printRecord, type LabRecord } from '../state/lab-store.js';
import type { World } from './world.js';

const K3S_CONFIG = '/etc/rancher/k3s/config.yaml';

/** Reads the token out of the server's configuration; undefined when that is not there or cannot be asked. */
const readToken = async (
  machine: string,
  provider: MachineProvider,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const command = { ...cmd('cat', K3S_CONFIG), private: true };
  const result = await provider
    .machine(machine)
    .exec(command, { signal, timeoutMs: 20_000 })
    .catch(() => undefined);
  signal.throwIfAborted();
  if (result?.exitCode !== 0) return undefined;
  const { token } = (parse(result.stdout) ?? {}) as { token?: unknown };
  return typeof token === 'string' && token !== '' ? token : undefined;
};

/**
 * Finds the token of a lab whose ledger has lost it: another one would be refused by its cluster. With `start`, a
 * server that is off is switched on for the question.
 */
export const findToken = async (
  record: LabRecord,
  provider: MachineProvider,
  { start }: { readonly start: boolean },
  { store, signal }: World,
): Promise<void> => {
  if ((await store.token(record.name)) !== undefined) return;
  const server = serverMachine(record.config);
  const state = (await provider.list({ signal })).find(({ name }) => name === server)?.state;
  if (state === 'stopped' && start) await provider.start(server, { signal });
  if (state !== 'running' && !start) return;
  const token = state === undefined ? undefined : await readToken(server, provider, signal);
  if (token !== undefined) await store.adoptToken(record.name, token);
};

/** The record of a lab that the ledger does not know, from what its provider remembers; it is in the ledger again then. */
export const recoverRecord = async (name: string, world: World): Promise<LabRecord | undefined> => {
  const found = await world.findLab(name);
  if (found === undefined) return undefined;
  const note =
    found.note === undefined
      ? undefined
      : parseRecord(found.note, `What provider ${found.provider} remembers of lab ${name}`);
  const record: LabRecord = {
    version: 1,
    createdAt: new Date(world.clock.now()).toISOString(),
    config: parseConfig('', 'defaults', { name }),
    ...note,
    ...found.lab,
    provider: found.provider,
  };
  await world.store.save(record);
  world.say(
    `The ledger of lab ${name} was lost; it is made again from what the ${found.provider} provider remembers.`,
  );
  const { provider: id, config } = record;
  await findToken(record, world.provider({ id, lab: record, config }), { start: false }, world);
  return record;
};

/** Writes the record into the ledger, and a copy to where the machines are. */
export const saveRecord = async (
  record: LabRecord,
  provider: MachineProvider,
  { store }: World,
): Promise<void> => {
  await store.save(record);
  await provider.remember?.(printRecord(record));
};
