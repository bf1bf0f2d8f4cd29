import { runPlan } from '../engine/run-plan.js';
import { planUp } from '../plan/plan-up.js';
import type { LabPicture } from '../report/picture.js';
import { HANDLERS } from '../stages/handlers.js';
import type { LabRecord } from '../state/lab-store.js';
import { contextOf, findArtifacts } from './open-lab.js';
import { lookingContext, observe } from './observe.js';
import { pictureOf } from './picture-of.js';
import type { World } from './world.js';

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

const pendingSteps = async (record: LabRecord, world: World): Promise<readonly PendingStep[]> => {
  const context = await contextOf(record, await findArtifacts(record, world), world);
  const failed: PendingStep[] = [];
  const titles = new Map(planUp(record.config).steps.map(({ id, title }) => [id, title]));
  const reporter = {
    ...mute,
    emit: (event: { type: string; id?: string; outcome?: string; because?: string }) => {
      if (event.type === 'step.finished' && event.outcome === 'failed')
        failed.push({
          id: event.id ?? '',
          title: titles.get(event.id ?? '') ?? '',
          because: event.because ?? '',
        });
    },
  };
  const options = { context, handlers: HANDLERS, reporter, signal: world.signal, dryRun: true };
  try {
    const { results } = await runPlan(planUp(record.config), options);
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
  const artifacts = await findArtifacts(record, world);
  const context = lookingContext(await contextOf(record, artifacts, world), world.signal);
  return pictureOf(record, await observe(record, context), [`k3s ${artifacts.version}`]);
};

/** The lab as it is, and what `up` would do about it. Changes nothing. */
export const status = async (record: LabRecord, world: World): Promise<Status> => {
  const [picture, pending] = await Promise.all([look(record, world), pendingSteps(record, world)]);
  return { picture, pending };
};
