import type { LabConfig, NodeConfig } from '../config/config.js';
import { claimBricks, kubernetesNodes } from '../config/roles.js';
import { toPlan } from '../engine/plan.js';
import { byKind, type Plan, type Step, type StepKinds } from '../engine/step.js';
import { resetK3s } from '../steps/k3s/reset.js';
import { removeMachine } from '../steps/machines/remove.js';
import { planUp, UP } from './up.js';

/** All kinds of steps by name: those of `up`, and those that only a rebuild has. */
export const STEPS: StepKinds = byKind([...UP, removeMachine, resetK3s]);

/** What to rebuild: machines with everything on them, or the Kubernetes cluster on all machines. */
export type RebuildTarget =
  | { readonly what: 'machines'; readonly machines: readonly string[]; readonly keepData: boolean }
  | { readonly what: 'k3s' };

/** Default parent of bricks; when bricks are in it, all of it is kept. */
const DATA = '/data';

/**
 * Folders of a node that contain bricks, including the bricks of dedicated volumes; none for a node without bricks.
 * The folder for dedicated volumes is always included, because their class may have been removed from lab.yaml.
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
 * The plan of a rebuild: remove part of the lab, then everything of `up`. It may be interrupted anywhere: `up`
 * completes a lab without machines or without a cluster.
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
