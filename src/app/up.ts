import type { Artifacts } from '../artifacts/artifacts.js';
import type { LabConfig } from '../config/config.js';
import { runPlan, type RunResult } from '../engine/run-plan.js';
import { CliError } from '../errors/cli-error.js';
import { planUp } from '../recipe/up.js';
import { until } from '../engine/plan.js';
import type { Plan, StageName, StepKinds } from '../engine/step.js';
import { STEPS } from '../recipe/rebuild.js';
import { openLab, saveRecord, type Lab } from '../lab/lab.js';
import { loadLab, findToken } from '../lab/open.js';
import { findArtifacts, imagesOf, obtainArtifacts, runContext } from '../lab/run-context.js';
import type { World } from '../lab/world.js';
import type { ProviderId } from '../providers/registry.js';
import { assertFit, assertImages, assertOffered } from './preflight.js';
import { assertNoNodeLost, retireDropped, saySizes } from './lab-changes.js';

export interface UpOptions {
  readonly until?: StageName | undefined;
  readonly dryRun?: boolean;
  /** Called after the record is written, before any machine is changed. */
  readonly onClaimed?: () => Promise<void>;
  /** Replaces {@link STEPS} in tests. */
  readonly kinds?: StepKinds;
}

/** The lab as `config` describes it; `known` is the existing one. Throws LAB_CHANGED if the provider differs. */
const wantedLab = async (config: LabConfig, known: Lab | undefined, world: World): Promise<Lab> => {
  const { name } = config;
  const provider =
    config.provider === 'auto' && known ? known.record.provider : await world.chooseProvider(config.provider);
  if (known && known.record.provider !== provider) {
    throw new CliError(
      'LAB_CHANGED',
      `Lab ${name} runs on ${known.record.provider}, but ${provider} is requested.`,
      { hint: `Remove lab ${name} first (kglab down -n ${name}), or give the new lab another name.` },
    );
  }
  const fresh = {
    version: 1,
    id: world.store.newId(),
    createdAt: new Date(world.clock.now()).toISOString(),
  } as const;
  return openLab({ ...fresh, ...known?.record, name, provider, config }, world);
};

/** Stages that use the files or images of a k3s release. */
const OF_RELEASE: readonly StageName[] = ['k3s', 'provisioner', 'smoke'];

/** The release files for a plan; undefined if the plan does not use them. */
const artifactsFor = async ({ steps }: Plan, lab: Lab, dryRun: boolean): Promise<Artifacts | undefined> => {
  if (!steps.some(({ stage }) => OF_RELEASE.includes(stage))) return undefined;
  return dryRun ? findArtifacts(lab) : obtainArtifacts(lab);
};

/** Throws before anything is changed if an existing lab cannot become what lab.yaml says. */
const assertChangeable = async (known: Lab, lab: Lab): Promise<void> => {
  await lab.provider.foundation.missing({ signal: lab.signal });
  await saySizes(known.config, lab);
};

/** The result of a run, and its provider. */
export interface UpResult extends RunResult {
  readonly provider: ProviderId;
}

/** Creates or repairs the lab: checks the host, writes the record, then runs the plan. */
export const up = async (config: LabConfig, options: UpOptions, world: World): Promise<UpResult> => {
  const { dryRun = false, kinds = STEPS } = options;
  const known = await loadLab(config.name, world);
  const lab = await wantedLab(config, known, world);
  if (known !== undefined) assertNoNodeLost(known.config, config);
  const whole = planUp(config);
  const plan = options.until === undefined ? whole : until(whole, options.until);
  assertOffered(lab.record.provider, config);
  await assertFit(lab.record.provider, world);
  if (known !== undefined) await assertChangeable(known, lab);
  const artifacts = await artifactsFor(plan, lab, dryRun);
  // Existing machines may have got images in other ways.
  const isNew = known === undefined && !lab.isRehearsal;
  if (artifacts !== undefined && isNew && plan.steps.some(({ stage }) => stage === 'provisioner'))
    assertImages(config, artifacts, imagesOf(lab, artifacts));
  // The record still lists what lab.yaml no longer has.
  if (known !== undefined) await retireDropped(known, config, { dryRun });
  if (!dryRun) {
    await saveRecord(lab, artifacts ? { ...lab.record, release: artifacts.version } : lab.record);
    await options.onClaimed?.();
    await findToken(lab, { start: true });
    await world.store.ensureToken(lab.name);
  }
  const { reporter, signal } = world;
  const context = await runContext(lab, artifacts);
  const result = await runPlan(plan, { context, kinds, reporter, signal, dryRun });
  return { ...result, provider: lab.record.provider };
};
