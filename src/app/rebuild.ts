import type { LabConfig } from '../config/config.js';
import { findNode } from '../config/names.js';
import { serverMachine } from '../config/roles.js';
import type { StepHandlers } from '../engine/context.js';
import { runPlan, type RunResult } from '../engine/run-plan.js';
import { CliError } from '../errors/cli-error.js';
import { planRebuild, type RebuildTarget } from '../plan/plan-rebuild.js';
import type { MachineProvider } from '../providers/provider.js';
import { HANDLERS } from '../stages/handlers.js';
import type { LabRecord } from '../state/lab-store.js';
import { assertSpare } from './assert-spare.js';
import { detachHostMounts } from './host-mounts.js';
import { lookingContext } from './observe.js';
import { contextOf, contextWithoutRelease, knownLab, obtainArtifacts, providerOf } from './open-lab.js';
import { assertFit } from './preflight.js';
import { assertUnprotected } from './protect.js';
import { findToken, saveRecord } from './recover.js';
import { retireDropped } from './retire-dropped.js';
import { assertNoNodeLost } from './up.js';
import { syncCatalogue } from '../volumes/requests.js';
import type { World } from './world.js';

export interface RebuildOptions {
  readonly k3sOnly: boolean;
  /** Short name or machine name of the one node to be built anew. */
  readonly node: string | undefined;
  readonly keepData: boolean;
}

const nodeTarget = async (
  record: LabRecord,
  name: string,
  keepData: boolean,
  world: World,
): Promise<RebuildTarget> => {
  const node = findNode(record.config, name);
  if (node === undefined)
    throw new CliError('USAGE', `Lab ${record.name} has no node ${name}.`, {
      hint: `Its nodes: ${record.config.nodes.map((one) => one.name).join(', ')}`,
    });
  const machines = await providerOf(record, world).list({ signal: world.signal });
  const exists = machines.some(({ name: found }) => found === node.machine);
  if (exists && !keepData) {
    const context = await contextWithoutRelease(record, world);
    await assertSpare(record.config, node, lookingContext(context, world.signal));
  }
  return { what: 'machines', machines: [node.machine], keepData };
};

const assertKeeps = ({ id, keepFolders }: MachineProvider): void => {
  if (keepFolders !== undefined) return;
  throw new CliError('USAGE', `The ${id} provider cannot keep data without its machines.`, {
    hint: 'Copy it out first (kglab exec), or rebuild only Kubernetes: kglab rebuild --k3s-only',
  });
};

/** What is to be taken away. Throws before anything is touched when that would lose data or is not possible. */
export const planTarget = async (
  record: LabRecord,
  { k3sOnly, node, keepData }: RebuildOptions,
  world: World,
): Promise<RebuildTarget> => {
  assertUnprotected(record);
  if (k3sOnly && (node !== undefined || keepData))
    throw new CliError('USAGE', '--k3s-only keeps all data and all machines: it stands alone.');
  if (k3sOnly) return { what: 'k3s' };
  const provider = providerOf(record, world);
  if (keepData) assertKeeps(provider);
  if (node !== undefined) return nodeTarget(record, node, keepData, world);
  const machines = await provider.list({ signal: world.signal });
  return { what: 'machines', machines: machines.map(({ name }) => name), keepData };
};

/** Whether no machine stays, and so no volume. */
const takesAll = async (target: RebuildTarget, provider: MachineProvider, world: World): Promise<boolean> =>
  target.what === 'machines' &&
  (await provider.list({ signal: world.signal })).every(({ name }) => target.machines.includes(name));

/**
 * Takes part of the lab away and makes it again. Cut short, `up` completes the lab, and so does another `rebuild`. The
 * record is read here, and what goes is judged once more: much may have changed while a person was asked.
 */
export const rebuild = async (
  name: string,
  configOf: (known: LabRecord) => LabConfig,
  options: RebuildOptions,
  world: World,
  handlers: StepHandlers = HANDLERS,
): Promise<RunResult> => {
  const known = await knownLab(name, world);
  assertUnprotected(known);
  const config = configOf(known);
  const record = { ...known, config };
  await assertFit(record.provider, world);
  const artifacts = await obtainArtifacts(record, world);
  const provider = providerOf(record, world);
  if (options.keepData) {
    // What the new configuration has no place for would be kept, and never found again.
    assertNoNodeLost(known.config, config);
    await retireDropped(known.config, config, await contextOf(known, artifacts, world), {
      world,
      dryRun: false,
    });
  }
  await saveRecord({ ...record, release: artifacts.version }, provider, world);
  await findToken(record, provider, { start: true }, world);
  await world.store.ensureToken(record.name);
  const context = await contextOf(record, artifacts, world);
  // A last look at what the cluster knows of its volumes, if it still answers; they are restored from that.
  await syncCatalogue(serverMachine(config), lookingContext(context, world.signal)).catch(() => false);
  const target = await planTarget(known, options, world);
  if (await takesAll(target, provider, world)) await detachHostMounts(record, world);
  return runPlan(planRebuild(config, target), {
    context,
    handlers,
    reporter: world.reporter,
    signal: world.signal,
  });
};
