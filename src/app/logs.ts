import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { stringify } from 'yaml';
import { serverMachine, storageNodes } from '../config/roles.js';
import type { CommandResult } from '../exec/command.js';
import { planUp } from '../recipe/up.js';
import { renderPlan } from '../engine/plan.js';
import { EvidenceFolder, redactEvidence } from './evidence-folder.js';
import { readText } from '../util/private-files.js';
import type { Lab } from '../lab/lab.js';
import { randomHex } from '../lab/lab-store.js';
import { leftovers, withOwnFolder } from '../exec/lock.js';
import { mapPool } from '../util/pool.js';
import { CLUSTER_EVIDENCE, GLUSTER_EVIDENCE, MACHINE_EVIDENCE, type Evidence } from './evidence.js';
import type { World } from '../lab/world.js';

/** Per command, so that a machine that hangs does not block the others. */
const ASK_MS = 30_000;
/** Machines asked at the same time, and commands on one machine. */
const LIMIT = 4;
/** Lines of a machine's console: several boots. */
const CONSOLE_LINES = 4000;

const told = ({ stdout, stderr, exitCode, timedOut }: CommandResult): string => {
  const ended = timedOut ? `no answer within ${ASK_MS / 1000} s` : `exit code ${exitCode}`;
  return exitCode === 0 ? stdout + stderr : `${stdout}${stderr}\n(${ended})\n`;
};

interface Collector {
  readonly folder: EvidenceFolder;
  readonly lab: Lab;
}

const collect = async (
  machine: string,
  where: string,
  items: readonly Evidence[],
  { folder, lab: { provider, signal } }: Collector,
): Promise<void> => {
  await mapPool(items, LIMIT, async ({ file, command }) => {
    const text = await provider
      .machine(machine)
      .exec({ ...command, private: true }, { signal, timeoutMs: ASK_MS })
      .then(
        told,
        (error: unknown) => `(not collected: ${error instanceof Error ? error.message : String(error)})\n`,
      );
    signal.throwIfAborted();
    await folder.write(join(where, file), text);
  });
};

/** The last lines of the machines' consoles, if the provider keeps them. */
const consoleEvidence = async ({ folder, lab: { provider } }: Collector): Promise<void> => {
  for (const { machine, path } of (await provider.abilities.consoles?.()) ?? []) {
    const text = await readText(path).catch((error: unknown) => `(not collected: ${String(error)})\n`);
    if (text === undefined) continue;
    const lines = stripVTControlCharacters(text).split('\n').slice(-CONSOLE_LINES);
    await folder.write(join('machines', machine, 'console.txt'), lines.join('\n'));
  }
};

const hostEvidence = async (collector: Collector): Promise<void> => {
  const { folder, lab } = collector;
  const { name, record, provider, signal } = lab;
  const traces = (await provider.abilities.traces?.({ signal }).catch(() => [])) ?? [];
  const machines = await provider.list({ signal });
  await folder.write('lab.json', `${JSON.stringify(record, null, 2)}\n`);
  await folder.write('config.yaml', stringify(record.config));
  await folder.write('plan.txt', renderPlan(planUp(record.config), 'text'));
  await folder.write('machines.json', `${JSON.stringify(machines, null, 2)}\n`);
  await folder.write('host.txt', traces.map(({ kind, what }) => `${kind}\t${what}\n`).join(''));
  await folder.copy(lab.world.store.logDir(name), 'runs');
  await consoleEvidence(collector);
};

const labEvidence = async (collector: Collector): Promise<readonly string[]> => {
  const { config, provider, signal, say } = collector.lab;
  const machines = await provider.list({ signal });
  const running = machines.filter(({ state }) => state === 'running').map(({ name }) => name);
  await mapPool(running, LIMIT, (name) => {
    say(`collecting from ${name}`);
    return collect(name, join('machines', name), MACHINE_EVIDENCE, collector);
  });
  const storage = storageNodes(config).find(({ machine }) => running.includes(machine));
  if (storage !== undefined) await collect(storage.machine, 'gluster', GLUSTER_EVIDENCE, collector);
  const server = serverMachine(config);
  if (running.includes(server)) await collect(server, 'cluster', CLUSTER_EVIDENCE, collector);
  return machines
    .filter(({ name }) => !running.includes(name))
    .map(({ name, state }) => `${name} (${state})`);
};

/** The archive, and what it lacks. */
export interface LogsResult {
  readonly path: string;
  /** Machines without logs in the archive: not running. */
  readonly silent: readonly string[];
}

/** Prefix of the folder in which evidence is collected, below the lab's folder. */
const COLLECTING = '.evidence-';

/** Fills and packs a folder, then removes it and those of killed runs. */
const packed = async (
  name: string,
  target: string,
  { store, clock, host }: World,
  fill: (folder: EvidenceFolder) => Promise<void>,
): Promise<void> => {
  await store.token(name);
  const stamp = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  // Older versions used folders called kglab-LAB-TIME.
  for (const prefix of [COLLECTING, `kglab-${name}-`])
    for (const left of await leftovers(store.dir(name), prefix, clock.now()))
      await rm(left, { recursive: true, force: true });
  await withOwnFolder(store.dir(name), COLLECTING, async (dir) => {
    const path = join(dir, `kglab-${name}-${stamp}-${randomHex(2)}`);
    const folder = new EvidenceFolder(path, (text) => redactEvidence(text, store.secrets));
    await fill(folder);
    await folder.pack(target, host);
  });
};

/** Collects logs and states of the host and of running machines into one archive, without secrets. */
export const collectLogs = async (lab: Lab, target: string): Promise<LogsResult> => {
  let silent: readonly string[] = [];
  await packed(lab.name, target, lab.world, async (folder) => {
    await hostEvidence({ folder, lab });
    silent = await labEvidence({ folder, lab });
  });
  return { path: target, silent };
};

/** Packs the logs of failed runs of a lab that was never created; false if there are none. */
export const collectRuns = async (name: string, target: string, world: World): Promise<boolean> => {
  const { store } = world;
  if ((await readdir(store.logDir(name)).catch(() => [])).length === 0) return false;
  await packed(name, target, world, (folder) => folder.copy(store.logDir(name), 'runs'));
  return true;
};
