import type { StepInputs, StepKind } from './kinds.js';

export type { StepInputs, StepKind } from './kinds.js';

/** The stages in their order; `up --until STAGE` ends after one of them. */
export const STAGES = ['machines', 'gluster', 'mounts', 'k3s', 'provisioner', 'smoke'] as const;
export type StageName = (typeof STAGES)[number];

/** A step is data; its handler has the effects. */
export type StepOf<K extends StepKind> = {
  /** `kind:target`, unique in the plan. */
  readonly id: string;
  readonly kind: K;
  readonly stage: StageName;
  /** A sentence in the present: "Create machine lab-node1". */
  readonly title: string;
  /** Ids of the steps that must be done before. */
  readonly needs: readonly string[];
  readonly input: StepInputs[K];
};
export type Step = { readonly [K in StepKind]: StepOf<K> }[StepKind];

/** Everything `up` will make true, in an order in which no step stands before one it needs. */
export interface Plan {
  readonly lab: string;
  readonly steps: readonly Step[];
}
