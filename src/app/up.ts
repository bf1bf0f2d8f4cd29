import type { Artifacts } from '../artifacts/artifacts.js';
import type { LabConfig } from '../config/config.js';
import { runPlan, type RunResult } from '../engine/run-plan.js';
import { CliError } from '../errors/cli-error.js';
import { planUp } from '../recipe/up.js';
import { until } from '../engine/plan.js';
import type { Plan, StageName, StepKinds } from '../engine/step.js';
import { STEPS } from '../recipe/rebuild.js';
import type { LabRecord } from '../lab/lab-store.js';
import {
  contextOf,
  contextWithoutRelease,
  findArtifacts,
  imagesOf,
  loadLab,
  obtainArtifacts,
  providerOf,
} from '../lab/open-lab.js';
import { assertFit, assertImages, assertOffered } from './preflight.js';
import { findToken, saveRecord } from '../lab/recover.js';
import { retireDropped } from './retire-dropped.js';
import { saySizes } from './say-sizes.js';
import type { World } from '../lab/world.js';

export interface UpOptions {
  readonly until?: StageName | undefined;
  readonly dryRun?: boolean;
  /** Called when the lab is there for others to find, before any of its machines is touched. */
  readonly onClaimed?: () => Promise<void>;
  /** The kinds of steps, where they are not {@link STEPS} as they are: a test watches or replaces their effects. */
  readonly kinds?: StepKinds;
}

/** The lab's record, or that of the lab about to be made. Throws LAB_CHANGED when the provider would be another. */
export const recordFor = async (config: LabConfig, world: World): Promise<LabRecord> => {
  const known = await loadLab(config.name, world);
  const provider =
    config.provider === 'auto' && known ? known.provider : await world.chooseProvider(config.provider);
  if (known && known.provider !== provider) {
    throw new CliError(
      'LAB_CHANGED',
      `Lab ${config.name} runs on ${known.provider}, and lab.yaml asks for ${provider}.`,
      {
        hint: 'Take it down first (kglab down), or give the new lab another name.',
      },
    );
  }
  const fresh = {
    version: 1,
    id: world.store.newId(),
    createdAt: new Date(world.clock.now()).toISOString(),
  } as const;
  return { ...fresh, ...known, name: config.name, provider, config };
};

/** Throws LAB_CHANGED when nodes exist that the lab file no longer names: taking them away is for `down`. */
export const assertNoNodeLost = (known: LabConfig, config: LabConfig): void => {
  const lost = known.nodes.filter(({ machine }) => !config.nodes.some((node) => node.machine === machine));
  if (lost.length === 0) return;
  throw new CliError(
    'LAB_CHANGED',
    `The running lab has ${lost.map(({ name }) => name).join(', ')}, which lab.yaml does not.`,
    {
      hint: 'Nodes with bricks are not dropped silently. Put them back into lab.yaml, or take the lab down first: kglab down',
    },
  );
};

/** Stages whose steps copy the files of a release, or name its images. */
const OF_RELEASE: readonly StageName[] = ['k3s', 'provisioner', 'smoke'];

/** The release files for a plan; undefined for one that ends before they are of use. */
const artifactsFor = async (
  { steps }: Plan,
  record: LabRecord,
  dryRun: boolean,
  world: World,
): Promise<Artifacts | undefined> => {
  if (!steps.some(({ stage }) => OF_RELEASE.includes(stage))) return undefined;
  return dryRun ? findArtifacts(record, world) : obtainArtifacts(record, world);
};

/** Makes the lab true: checks the host, writes the ledger, then runs the plan. Repeating it is the repair. */
export const up = async (config: LabConfig, options: UpOptions, world: World): Promise<RunResult> => {
  const record = await recordFor(config, world);
  const known = await world.store.load(config.name);
  if (known !== undefined) assertNoNodeLost(known.config, config);
  const whole = planUp(config);
  const plan = options.until === undefined ? whole : until(whole, options.until);
  const provider = providerOf(record, world);
  assertOffered(provider, config);
  await assertFit(record.provider, world);
  const dryRun = options.dryRun ?? false;
  if (known !== undefined) {
    // What cannot be changed while there are machines is refused before the record says otherwise.
    await provider.unprepared({ signal: world.signal });
    await saySizes(known.config, config, provider, world);
  }
  const artifacts = await artifactsFor(plan, record, dryRun, world);
  // Machines that are there may have been given images in other ways.
  const isNew = known === undefined && !provider.features.simulated;
  if (artifacts !== undefined && isNew && plan.steps.some(({ stage }) => stage === 'provisioner'))
    assertImages(config, artifacts, imagesOf(record, artifacts));
  // Before the record forgets what there was.
  if (known !== undefined)
    await retireDropped(known.config, config, await contextWithoutRelease(known, world), { world, dryRun });
  if (!options.dryRun) {
    await saveRecord(artifacts ? { ...record, release: artifacts.version } : record, provider, world);
    await options.onClaimed?.();
    await findToken(record, provider, { start: true }, world);
    await world.store.ensureToken(record.name);
  }
  return runPlan(plan, {
    context: await (artifacts ? contextOf(record, artifacts, world) : contextWithoutRelease(record, world)),
    kinds: options.kinds ?? STEPS,
    reporter: world.reporter,
    signal: world.signal,
    ...(options.dryRun ? { dryRun: true } : {}),
  });
};
