import type { LabConfig, NodeConfig } from '../config/config.js';
import { claimBricks, kubernetesNodes } from '../config/roles.js';
import { toPlan } from '../engine/graph.js';
import { step } from '../engine/make-step.js';
import { planUp } from './up.js';
import type { Plan, Step } from '../engine/step.js';

/** What is to be built anew: machines with all that is on them, or the cluster on all of them. */
export type RebuildTarget =
  | { readonly what: 'machines'; readonly machines: readonly string[]; readonly keepData: boolean }
  | { readonly what: 'k3s' };

/** Bricks are below /data unless the lab file says otherwise; all of that folder is data. */
const DATA = '/data';

/**
 * Folders of a node with the content of its bricks, those of single claims too; none for a node without. A class that
 * had such claims may be gone from the lab file, so their folder is named whether there is one or not.
 */
export const brickFolders = ({ volumes }: LabConfig, node: NodeConfig | undefined): readonly string[] => {
  const bricks = volumes
    .filter(({ nodes }) => nodes.includes(node?.name ?? ''))
    .flatMap((volume) => [volume.brick, claimBricks(volume)]);
  return [...new Set(bricks.map((brick) => (brick.startsWith(`${DATA}/`) ? DATA : brick)))];
};

const removals = (
  config: LabConfig,
  { machines, keepData }: RebuildTarget & { what: 'machines' },
): readonly Step[] =>
  machines.map((name) => {
    const node = config.nodes.find(({ machine }) => machine === name);
    const keep = keepData ? brickFolders(config, node) : [];
    return step('machines.remove', name, `Take machine ${name} away`, [], { name, keep });
  });

const resets = (config: LabConfig): readonly Step[] => {
  const mounts = config.volumes.map(({ mount }) => mount);
  const [server, ...agents] = kubernetesNodes(config).map(({ machine }) => machine);
  const reset = (machine: string, needs: readonly string[]): Step =>
    step('k3s.reset', machine, `Take the cluster off ${machine}`, needs, { machine, mounts });
  // The server first: agents of a cluster that is gone are found out by every later run.
  return [
    ...(server === undefined ? [] : [reset(server, [`machines.hosts:${server}`])]),
    ...agents.map((machine) => reset(machine, [`machines.hosts:${machine}`, `k3s.reset:${server}`])),
  ];
};

const withNeeds = (steps: readonly Step[], added: readonly Step[], which: (one: Step) => boolean): Step[] =>
  steps.map((one) => (which(one) ? { ...one, needs: [...one.needs, ...added.map(({ id }) => id)] } : one));

/**
 * Everything of `up`, after part of the lab was taken away. Each half is safe to be cut short: `up` completes a lab
 * from which machines, or whose cluster, are missing.
 */
export const planRebuild = (config: LabConfig, target: RebuildTarget): Plan => {
  const { steps } = planUp(config);
  if (target.what === 'machines') {
    const taken = removals(config, target);
    return toPlan(config.name, [...taken, ...withNeeds(steps, taken, ({ needs }) => needs.length === 0)]);
  }
  const cleared = resets(config);
  const machines = steps.filter(({ stage }) => stage === 'machines');
  const others = steps.filter(({ stage }) => stage !== 'machines');
  return toPlan(config.name, [
    ...machines,
    ...cleared,
    ...withNeeds(others, cleared, ({ kind }) => kind === 'k3s.install'),
  ]);
};
