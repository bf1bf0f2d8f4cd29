import { byKind, type StepEffects, type StepKind, type StepKinds } from '../../src/engine/step.js';

/** The same kinds of steps with other effects, for tests that watch or replace what steps do. */
export const withEffects = (kinds: StepKinds, effectsOf: (kind: StepKind) => StepEffects): StepKinds =>
  byKind([...kinds.values()].map((kind) => ({ ...kind, ...effectsOf(kind) })));
