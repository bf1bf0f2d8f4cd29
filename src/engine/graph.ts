import { STAGES, type Plan, type StageName, type Step } from './step.js';

/**
 * Checks a list of steps and returns it as a plan. Throws on a repeated id, a need that does not exist, or a need
 * that stands later in the list (which also rules out cycles): a mistake in kglab, never in a lab file.
 */
export const toPlan = (lab: string, steps: readonly Step[]): Plan => {
  const seen = new Set<string>();
  for (const { id, needs } of steps) {
    if (seen.has(id)) throw new Error(`step ${id} stands twice in the plan`);
    const missing = needs.find((need) => !seen.has(need));
    if (missing !== undefined) throw new Error(`step ${id} needs ${missing}, which does not stand before it`);
    seen.add(id);
  }
  return { lab, steps };
};

/** The plan up to and including a stage. */
export const until = (plan: Plan, stage: StageName): Plan => {
  const last = STAGES.indexOf(stage);
  return { ...plan, steps: plan.steps.filter((step) => STAGES.indexOf(step.stage) <= last) };
};
