import { kubernetesNodes, storageNodes } from '../config/roles.js';
import { quiesce } from '../kube/quiesce.js';
import type { Lab } from '../lab/lab.js';
import { mapPool } from '../util/pool.js';
import { awaitHealing } from './await-healing.js';
import { CliError } from '../errors/cli-error.js';
import type { RunResult } from '../engine/run-plan.js';
import { up, type UpOptions } from './up.js';

/** Machines worked on at the same time. */
const LIMIT = 8;

/** The order of a stop: pods on the agents, pods on the server, then machines without bricks, then those with bricks. */
const phases = ({ config }: Lab) => {
  const [server = [], ...agents] = kubernetesNodes(config).map(({ machine }) => [machine]);
  const storage = storageNodes(config).map(({ machine }) => machine);
  const others = config.nodes.map(({ machine }) => machine).filter((machine) => !storage.includes(machine));
  return { quiet: [agents.flat(), server], off: [others, storage] };
};

const runningOf = async ({ provider, signal }: Lab): Promise<ReadonlySet<string>> => {
  const machines = await provider.list({ signal });
  return new Set(machines.filter(({ state }) => state !== 'stopped').map(({ name }) => name));
};

/** Shuts the lab down, or cuts the power with `force`; returns the machines that were on. */
export const stop = async (lab: Lab, { force }: { readonly force: boolean }): Promise<readonly string[]> => {
  const { provider, signal } = lab;
  const running = await runningOf(lab);
  const { quiet, off } = phases(lab);
  const machine = (name: string) => provider.machine(name);
  for (const group of force ? [] : quiet) {
    const names = group.filter((name) => running.has(name));
    if (names.length > 0) lab.say(`stopping the pods on ${names.join(', ')}`);
    await mapPool(names, LIMIT, (name) => quiesce(name, { machine, signal }), { goOn: true });
  }
  if (!force) await awaitHealing(lab, running);
  for (const group of off)
    await mapPool(
      group.filter((name) => running.has(name)),
      LIMIT,
      async (name) => {
        lab.say(`${force ? 'cutting the power of' : 'shutting down'} ${name}`);
        await provider.stop(name, { signal, force });
      },
      // If one fails, still stop the others.
      { goOn: true },
    );
  return [...running];
};

/**
 * Starts a lab from its record, whatever its lab file says now, and waits until it is healthy. Throws LAB_CHANGED if a
 * machine is missing: only `up` creates machines.
 */
export const start = async (lab: Lab, options: UpOptions = {}): Promise<RunResult> => {
  const { name: labName, config, provider, signal } = lab;
  const found = await provider.list({ signal });
  const missing = config.nodes.filter(({ machine }) => !found.some(({ name }) => name === machine));
  if (missing.length === 0) return up(config, options, lab.world);
  throw new CliError(
    'LAB_CHANGED',
    `Machines of lab ${labName} do not exist: ${missing.map(({ name }) => name).join(', ')}. \`start\` does not create machines.`,
    { hint: `Repair the lab: kglab up -n ${labName}` },
  );
};
