import { byKind, type StepEffects, type StepKind, type StepKinds } from '../../src/engine/step.js';

/** The same kinds of steps with other effects, for a test that watches what steps do, or replaces it. */
export const withEffects = (kinds: StepKinds, effectsOf: (kind: StepKind) => StepEffects): StepKinds =>
  byKind([...kinds.values()].map((kind) => ({ ...kind, ...effectsOf(kind) })));
