import { join } from 'node:path';
import { parse } from 'yaml';
import { serverMachine } from '../config/roles.js';
import { parseConfig } from '../config/parse.js';
import { cmd } from '../exec/command.js';
import { openLab, type Lab } from './lab.js';
import { parseRecord, type LabRecord } from './lab-store.js';
import type { World } from './world.js';
import { CliError } from '../errors/cli-error.js';

const K3S_CONFIG = '/etc/rancher/k3s/config.yaml';

/** Reads the token from the server's configuration; undefined if that fails. */
const readToken = async (machine: string, { provider, signal }: Lab): Promise<string | undefined> => {
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
 * Recovers a lost token from the server: the cluster would refuse a new one. `start` allows to start a stopped server
 * for this.
 */
export const findToken = async (lab: Lab, { start }: { readonly start: boolean }): Promise<void> => {
  const { name, provider, signal, world } = lab;
  if ((await world.store.token(name)) !== undefined) return;
  const server = serverMachine(lab.config);
  const state = (await provider.list({ signal })).find((machine) => machine.name === server)?.state;
  if (state === 'stopped' && start) await provider.start(server, { signal });
  if (state !== 'running' && !start) return;
  const token = state === undefined ? undefined : await readToken(server, lab);
  if (token !== undefined) await world.store.adoptToken(name, token);
};

/** Recovers a lost record from what the provider knows, and saves it. Undefined if no provider knows the lab. */
export const recoverLab = async (name: string, world: World): Promise<Lab | undefined> => {
  const found = await world.findLab(name);
  if (found === undefined) return undefined;
  const copy = `The ${found.provider} provider's copy of the record of lab ${name}`;
  const hint = `Restore the record itself from a backup: ${join(world.store.dir(name), 'lab.json')}`;
  const note = found.note === undefined ? undefined : parseRecord(found.note, copy, hint);
  const record: LabRecord = {
    version: 1,
    createdAt: new Date(world.clock.now()).toISOString(),
    config: parseConfig('', 'defaults', { name }),
    ...note,
    ...found.lab,
    provider: found.provider,
  };
  await world.store.save(record);
  world.say(`The record of lab ${name} was lost; kglab recovered it from the ${found.provider} provider.`);
  const lab = await openLab(record, world);
  await findToken(lab, { start: false });
  return lab;
};

/** Opens a lab by name; recovers a lost record. Undefined if there is no such lab. */
export const loadLab = async (name: string, world: World): Promise<Lab | undefined> => {
  const record = await world.store.load(name);
  return record === undefined ? recoverLab(name, world) : openLab(record, world);
};

/** Opens an existing lab. Throws LAB_UNKNOWN, listing the labs of this user. */
export const knownLab = async (name: string, world: World): Promise<Lab> => {
  const lab = await loadLab(name, world);
  if (lab) return lab;
  // Names only: the record of another lab may be damaged.
  const known = await world.store.names();
  throw new CliError('LAB_UNKNOWN', `There is no lab ${name}.`, {
    hint:
      known.length > 0
        ? `Labs of this user: ${known.join(', ')}. Choose one with --name.`
        : 'Create one: kglab up',
  });
};
