import type { LabConfig } from '../config/config.js';
import { findNode, serverMachine } from '../config/roles.js';
import { runPlan, type RunResult } from '../engine/run-plan.js';
import type { StepKinds } from '../engine/step.js';
import { CliError } from '../errors/cli-error.js';
import { planRebuild, STEPS, type RebuildTarget } from '../recipe/rebuild.js';
import { openLab, saveRecord, type Lab } from '../lab/lab.js';
import type { LabRecord } from '../lab/lab-store.js';
import { knownLab, findToken } from '../lab/open.js';
import { lookingContext, obtainArtifacts, runContext } from '../lab/run-context.js';
import type { World } from '../lab/world.js';
import { syncCatalogue } from '../volumes/requests.js';
import { assertSpare } from './assert-spare.js';
import { detachHostMounts } from './host-mounts.js';
import { assertFit } from './preflight.js';
import { assertUnprotected } from './protect.js';
import { assertNoNodeLost, retireDropped } from './lab-changes.js';

export interface RebuildOptions {
  readonly k3sOnly: boolean;
  /** Short name or machine name of the node to rebuild; undefined for all. */
  readonly node: string | undefined;
  readonly keepData: boolean;
}

const nodeTarget = async (lab: Lab, name: string, keepData: boolean): Promise<RebuildTarget> => {
  const { config, provider, signal } = lab;
  const node = findNode(config, name);
  if (node === undefined)
    throw new CliError('USAGE', `Lab ${lab.name} has no node ${name}.`, {
      hint: `Nodes of this lab: ${config.nodes.map((one) => one.name).join(', ')}`,
    });
  const machines = await provider.list({ signal });
  const exists = machines.some(({ name: found }) => found === node.machine);
  if (exists && !keepData) await assertSpare(config, node, lookingContext(await runContext(lab), lab));
  return { what: 'machines', machines: [node.machine], keepData };
};

/** Throws USAGE if the lab's provider cannot keep bricks. */
export const assertKeepsData = ({ provider: { id, abilities } }: Pick<Lab, 'provider'>): void => {
  if (abilities.keepFolders !== undefined) return;
  throw new CliError('USAGE', `The ${id} provider does not support --keep-data.`, {
    hint: 'Copy the data out first (kglab exec), or rebuild only Kubernetes: kglab rebuild --k3s-only',
  });
};

/** What to remove. Throws before anything is changed if that would lose data or is not possible. */
export const planTarget = async (
  lab: Lab,
  { k3sOnly, node, keepData }: RebuildOptions,
): Promise<RebuildTarget> => {
  assertUnprotected(lab.record);
  if (k3sOnly && (node !== undefined || keepData))
    throw new CliError('USAGE', '--k3s-only cannot be combined with --node or --keep-data.');
  if (k3sOnly) return { what: 'k3s' };
  if (keepData) assertKeepsData(lab);
  if (node !== undefined) return nodeTarget(lab, node, keepData);
  const machines = await lab.provider.list({ signal: lab.signal });
  return { what: 'machines', machines: machines.map(({ name }) => name), keepData };
};

/** Whether the rebuild removes all machines, and so all volumes. */
const takesAll = async (target: RebuildTarget, { provider, signal }: Lab): Promise<boolean> =>
  target.what === 'machines' &&
  (await provider.list({ signal })).every(({ name }) => target.machines.includes(name));

/**
 * Removes and recreates a lab or a part of it. After an interruption, `up` or another `rebuild` completes it. Reads the
 * record and plans the target again: both may have changed while the user was asked.
 */
export const rebuild = async (
  name: string,
  configOf: (known: LabRecord) => LabConfig,
  options: RebuildOptions,
  world: World,
  kinds: StepKinds = STEPS,
): Promise<RunResult> => {
  const known = await knownLab(name, world);
  assertUnprotected(known.record);
  const config = configOf(known.record);
  const lab = await openLab({ ...known.record, config }, world);
  await assertFit(lab.record.provider, world);
  const artifacts = await obtainArtifacts(lab);
  if (options.keepData) {
    // Kept data of nodes and volumes that the new configuration lacks would never be used again.
    assertNoNodeLost(known.config, config);
    await retireDropped(known, config, { dryRun: false });
  }
  await saveRecord(lab, { ...lab.record, release: artifacts.version });
  await findToken(lab, { start: true });
  await world.store.ensureToken(name);
  const context = await runContext(lab, artifacts);
  // Update the catalogue if the cluster still answers: PVs are restored from it.
  await syncCatalogue(serverMachine(config), lookingContext(context, lab)).catch(() => false);
  const target = await planTarget(known, options);
  if (await takesAll(target, lab)) await detachHostMounts(lab);
  return runPlan(planRebuild(config, target), {
    context,
    kinds,
    reporter: world.reporter,
    signal: world.signal,
  });
};
