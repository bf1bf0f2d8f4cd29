import type { Artifacts } from '../artifacts/artifacts.js';
import type { RunContext } from '../engine/context.js';
import { runPlan } from '../engine/run-plan.js';
import { CliError } from '../errors/cli-error.js';
import { until } from '../plan/graph.js';
import { planUp } from '../plan/plan-up.js';
import type { Plan } from '../plan/step.js';
import type { LabPicture } from '../report/picture.js';
import { whileWaiting } from '../report/while-waiting.js';
import { HANDLERS } from '../stages/handlers.js';
import type { LabRecord } from '../state/lab-store.js';
import { contextOf, contextWithoutRelease, findArtifacts } from './open-lab.js';
import { lookingContext, observe } from './observe.js';
import { pictureOf } from './picture-of.js';
import type { World } from './world.js';
import { awaitAll } from '../util/pool.js';

/** Something that `up` would do. */
export interface PendingStep {
  readonly id: string;
  readonly title: string;
  readonly because: string;
}

export interface Status {
  readonly picture: LabPicture;
  /** What `up` would do, by the same probes; empty for a lab that is as it should be. */
  readonly pending: readonly PendingStep[];
}

const mute = { emit: () => undefined, close: () => Promise.resolve() };

/** Titles of the steps that are being looked at. */
type Looking = Map<string, string>;

/** Without the files of its release, the lab up to its mounts can still be told about, and what is the matter. */
const pendingSteps = async (
  record: LabRecord,
  world: World,
  looking: Looking,
): Promise<readonly PendingStep[]> => {
  const plan = planUp(record.config);
  const artifacts = await findArtifacts(record, world).catch((error: unknown) => error);
  if (!(artifacts instanceof Error))
    return probe(plan, await contextOf(record, artifacts as Artifacts, world), world, looking);
  if (!(artifacts instanceof CliError)) throw artifacts;
  const lacking = { id: 'k3s.install', title: 'Install k3s', because: artifacts.message };
  const mounts = until(plan, 'mounts');
  const before = await probe(mounts, await contextWithoutRelease(record, world), world, looking);
  return [...before, lacking];
};

const probe = async (
  plan: Plan,
  context: RunContext,
  world: World,
  looking: Looking,
): Promise<readonly PendingStep[]> => {
  const failed: PendingStep[] = [];
  const titles = new Map(plan.steps.map(({ id, title }) => [id, title]));
  const reporter = {
    ...mute,
    emit: (event: { type: string; id?: string; outcome?: string; because?: string }) => {
      const { id = '' } = event;
      if (event.type === 'step.started') looking.set(id, titles.get(id) ?? id);
      if (event.type === 'step.finished') looking.delete(id);
      if (event.type === 'step.finished' && event.outcome === 'failed')
        failed.push({
          id,
          title: titles.get(id) ?? '',
          because: event.because ?? '',
        });
    },
  };
  const options = { context, handlers: HANDLERS, reporter, signal: world.signal, dryRun: true };
  try {
    const { results } = await runPlan(plan, options);
    return results
      .filter(({ outcome }) => outcome === 'would-change')
      .map(({ step: { id, title }, because = '' }) => ({ id, title, because }));
  } catch (error) {
    // A probe that fails is a finding here, not a failure of the question.
    if (world.signal.aborted) throw error;
    return failed;
  }
};

/** The lab as it is, for drawing. Changes nothing. */
export const look = async (record: LabRecord, world: World): Promise<LabPicture> => {
  const context = lookingContext(await contextWithoutRelease(record, world), world.signal);
  const seen = await observe(record, context);
  const release = seen.release ?? record.release;
  return pictureOf(record, seen, release === undefined ? [] : [`k3s ${release}`]);
};

/** The lab as it is, and what `up` would do about it. Changes nothing. */
export const status = async (record: LabRecord, world: World): Promise<Status> => {
  const looking: Looking = new Map();
  const [picture, pending] = await whileWaiting(
    awaitAll([look(record, world), pendingSteps(record, world, looking)]),
    { clock: world.clock, say: (line) => world.say(line), what: () => waitingFor(looking) },
  );
  return { picture, pending };
};

const NAMED = 2;

const waitingFor = (looking: Looking): string => {
  const titles = [...looking.values()];
  const more = titles.length > NAMED ? ` and ${titles.length - NAMED} more` : '';
  return `still waiting for ${titles.slice(0, NAMED).join(', ') || 'the machines'}${more}`;
};
