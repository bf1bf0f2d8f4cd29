import { parse } from 'yaml';
import { serverMachine } from '../config/roles.js';
import { parseConfig } from '../config/parse.js';
import { cmd } from '../exec/command.js';
import { openLab, type Lab } from './lab.js';
import { parseRecord, type LabRecord } from './lab-store.js';
import type { World } from './world.js';
import { CliError } from '../errors/cli-error.js';

const K3S_CONFIG = '/etc/rancher/k3s/config.yaml';

/** Reads the token out of the server's configuration; undefined when that is not there or cannot be read. */
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
 * Finds the token of a lab whose record has lost it: its cluster would refuse another one. With `start`, a server that
 * is off is started for the question.
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

/** The lab of a lost record, from what its provider remembers; the record is written again. Undefined when there is none. */
export const recoverLab = async (name: string, world: World): Promise<Lab | undefined> => {
  const found = await world.findLab(name);
  if (found === undefined) return undefined;
  const where = `What provider ${found.provider} remembers of lab ${name}`;
  const note = found.note === undefined ? undefined : parseRecord(found.note, where);
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
    `The record of lab ${name} was lost; it is written again from what the ${found.provider} provider remembers.`,
  );
  const lab = await openLab(record, world);
  await findToken(lab, { start: false });
  return lab;
};

/** Opens the lab of that name; a lost record is recovered from what providers remember. Undefined when there is none. */
export const loadLab = async (name: string, world: World): Promise<Lab | undefined> => {
  const record = await world.store.load(name);
  return record === undefined ? recoverLab(name, world) : openLab(record, world);
};

/** Opens a lab that must exist. Throws LAB_UNKNOWN, naming those that do. */
export const knownLab = async (name: string, world: World): Promise<Lab> => {
  const lab = await loadLab(name, world);
  if (lab) return lab;
  // The names alone: the record of another lab may be damaged.
  const known = await world.store.names();
  throw new CliError('LAB_UNKNOWN', `There is no lab called ${name}.`, {
    hint:
      known.length > 0
        ? `Labs of this user: ${known.join(', ')}. Choose one by --name.`
        : 'Make one: kglab up',
  });
};
