import type { RunResult } from '../../engine/run-plan.js';

/** A run as JSON and YAML show it. */
export const summaryOf = (lab: string, provider: string, { changed, results }: RunResult) => ({
  lab,
  provider,
  changed,
  steps: results.map(({ step: { id, title }, outcome, because }) => ({ id, title, outcome, because })),
});
