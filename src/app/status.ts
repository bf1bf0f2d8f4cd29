import type { Artifacts } from '../artifacts/artifacts.js';
import type { RunContext } from '../engine/context.js';
import { runPlan } from '../engine/run-plan.js';
import { CliError } from '../errors/cli-error.js';
import { until } from '../engine/plan.js';
import { planUp } from '../recipe/up.js';
import type { Plan } from '../engine/step.js';
import type { LabPicture } from '../report/lab-picture.js';
import { whileWaiting } from '../report/timing.js';
import { STEPS } from '../recipe/rebuild.js';
import type { Lab } from '../lab/lab.js';
import { findArtifacts, lookingContext, runContext } from '../lab/run-context.js';
import { observe } from './observe.js';
import { pictureOf } from './picture-of.js';
import { awaitAll } from '../util/pool.js';

/** A step that `up` would run. */
export interface PendingStep {
  readonly id: string;
  readonly title: string;
  readonly because: string;
}

export interface Status {
  readonly picture: LabPicture;
  /** Steps that `up` would run, found by the same probes; empty for a healthy lab. */
  readonly pending: readonly PendingStep[];
}

const mute = { emit: () => undefined, close: () => Promise.resolve() };

/** Titles of the steps that are being probed, by id. */
type Looking = Map<string, string>;

/** Probes all steps. If release files are missing, probes those up to the mounts and reports the missing files. */
const pendingSteps = async (lab: Lab, looking: Looking): Promise<readonly PendingStep[]> => {
  const plan = planUp(lab.config);
  const artifacts = await findArtifacts(lab).catch((error: unknown) => error);
  if (!(artifacts instanceof Error))
    return probe(plan, await runContext(lab, artifacts as Artifacts), lab, looking);
  if (!(artifacts instanceof CliError)) throw artifacts;
  const lacking = { id: 'k3s.install', title: 'Install k3s', because: artifacts.message };
  const mounts = until(plan, 'mounts');
  const before = await probe(mounts, await runContext(lab), lab, looking);
  return [...before, lacking];
};

const probe = async (
  plan: Plan,
  context: RunContext,
  { signal }: Lab,
  looking: Looking,
): Promise<readonly PendingStep[]> => {
  const titles = new Map(plan.steps.map(({ id, title }) => [id, title]));
  const reporter = {
    ...mute,
    emit: (event: { type: string; id?: string }) => {
      const { id = '' } = event;
      if (event.type === 'step.started') looking.set(id, titles.get(id) ?? id);
      if (event.type === 'step.finished') looking.delete(id);
    },
  };
  const { results } = await runPlan(plan, { context, kinds: STEPS, reporter, signal, dryRun: true });
  // A failed probe is a finding here, not an error.
  return results
    .filter(({ outcome }) => outcome === 'would-change' || outcome === 'failed')
    .map(({ step: { id, title }, because = '' }) => ({ id, title, because }));
};

/** The state of the lab, for drawing. Changes nothing. */
export const look = async (lab: Lab): Promise<LabPicture> => {
  const seen = await observe(lab.config, lookingContext(await runContext(lab), lab));
  const release = seen.release ?? lab.record.release;
  return pictureOf(lab.record, seen, release === undefined ? [] : [`k3s ${release}`]);
};

/** The state of the lab and the steps that `up` would run. Changes nothing. */
export const status = async (lab: Lab): Promise<Status> => {
  const looking: Looking = new Map();
  const [picture, pending] = await whileWaiting(awaitAll([look(lab), pendingSteps(lab, looking)]), {
    clock: lab.world.clock,
    say: (line) => lab.say(line),
    what: () => waitingFor(looking),
  });
  return { picture, pending };
};

const NAMED = 2;

const waitingFor = (looking: Looking): string => {
  const titles = [...looking.values()];
  const more = titles.length > NAMED ? ` and ${titles.length - NAMED} more` : '';
  return `still waiting for ${titles.slice(0, NAMED).join(', ') || 'the machines'}${more}`;
};
