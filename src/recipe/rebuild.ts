import type { LabConfig, NodeConfig } from '../config/config.js';
import { claimBricks, kubernetesNodes } from '../config/roles.js';
import { toPlan } from '../engine/plan.js';
import { byKind, type Plan, type Step, type StepKinds } from '../engine/step.js';
import { resetK3s } from '../steps/k3s/reset.js';
import { removeMachine } from '../steps/machines/remove.js';
import { planUp, UP } from './up.js';

/** Every kind of step that a plan can have. */
export const STEPS: StepKinds = byKind([...UP, removeMachine, resetK3s]);

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
    return removeMachine.of({ name, keep }, config);
  });

const resets = (config: LabConfig): readonly Step[] => {
  const mounts = config.volumes.map(({ mount }) => mount);
  return kubernetesNodes(config).map(({ machine }) => resetK3s.of({ machine, mounts }, config));
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
