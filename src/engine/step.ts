import type { LabConfig } from '../config/config.js';
import type { Probe, StepContext } from './context.js';

/** The stages in their order; `up --until STAGE` ends after one of them. */
export const STAGES = ['machines', 'gluster', 'mounts', 'k3s', 'provisioner', 'smoke'] as const;
export type StageName = (typeof STAGES)[number];

/** A step of a plan: plain data that prints as JSON. Its {@link StepKind} has the code. */
export interface Step<I = unknown> {
  /** `kind:target`, or the kind alone for a step that exists once; unique in the plan. */
  readonly id: string;
  readonly kind: `${StageName}.${string}`;
  readonly stage: StageName;
  /** A sentence in the imperative: "Create machine lab-node1". */
  readonly title: string;
  /** Ids of the steps that must be done before. */
  readonly needs: readonly string[];
  readonly input: I;
}

/** The steps of a run, ordered so that every step comes after those it needs. */
export interface Plan {
  readonly lab: string;
  readonly steps: readonly Step[];
}

/** The code of a kind of step. */
export interface StepEffects<I = unknown> {
  /** Finds out whether there is anything to do. Only reads. */
  probe(input: I, context: StepContext): Promise<Probe>;
  /** Does the work when the probe says pending. Must be safe to repeat. */
  apply(input: I, context: StepContext): Promise<void>;
}

/** The definition of a step in its file. `I` is plain data that prints, and nothing that is only known at run time. */
export interface StepDefinition<I> extends StepEffects<I> {
  readonly kind: `${StageName}.${string}`;
  /** The inputs of the steps of this kind in a lab, in order. Absent for steps that only a rebuild has. */
  inputs?(config: LabConfig): readonly I[];
  /** What distinguishes it from other steps of its kind: `node1`; '' (default) for a step that exists once. */
  target?(input: I): string;
  title(input: I): string;
  /** Ids of the steps that must be done before; none by default. */
  needs?(input: I, config: LabConfig): readonly string[];
}

/**
 * A kind of step. Its functions are declared as methods so that TypeScript lets kinds with different inputs stand in
 * one list. That is safe because the engine passes a kind only the inputs of its own steps.
 */
export interface StepKind<I = unknown> extends StepEffects<I> {
  readonly kind: Step['kind'];
  /** The step for one input. */
  of(input: I, config: LabConfig): Step<I>;
  /** The steps of this kind in a lab; none when only a rebuild has such steps. */
  plan(config: LabConfig): readonly Step<I>[];
}

/** Kinds of steps by name. */
export type StepKinds = ReadonlyMap<string, StepKind>;

/** Makes a kind of step from its definition. */
export const defineStep = <I>(definition: StepDefinition<I>): StepKind<I> => {
  const { kind } = definition;
  const stage = kind.slice(0, kind.indexOf('.')) as StageName;
  const of = (input: I, config: LabConfig): Step<I> => {
    const target = definition.target?.(input) ?? '';
    return {
      id: target === '' ? kind : `${kind}:${target}`,
      kind,
      stage,
      title: definition.title(input),
      needs: definition.needs?.(input, config) ?? [],
      input,
    };
  };
  return {
    kind,
    of,
    plan: (config) => (definition.inputs?.(config) ?? []).map((input) => of(input, config)),
    probe: (input, context) => definition.probe(input, context),
    apply: (input, context) => definition.apply(input, context),
  };
};

/** Indexes kinds by name. Throws when two have the same name, which is a bug in kglab. */
export const byKind = (kinds: readonly StepKind[]): StepKinds => {
  const found = new Map(kinds.map((one) => [one.kind, one]));
  if (found.size < kinds.length) throw new Error('two kinds of steps have the same name');
  return found;
};
