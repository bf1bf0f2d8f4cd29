import type { LabConfig } from '../config/config.js';
import type { Probe, StepContext } from './context.js';

/** The stages in their order; `up --until STAGE` ends after one of them. */
export const STAGES = ['machines', 'gluster', 'mounts', 'k3s', 'provisioner', 'smoke'] as const;
export type StageName = (typeof STAGES)[number];

/** A step is plain data that prints as JSON; its kind has the effects. */
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

/** Everything `up` will make true, in an order in which no step stands before one it needs. */
export interface Plan {
  readonly lab: string;
  readonly steps: readonly Step[];
}

/** What a step does to a lab. */
export interface StepEffects<I = unknown> {
  /** Whether there is anything to do. Only reads. */
  probe(input: I, context: StepContext): Promise<Probe>;
  /** Makes it true; runs when the probe says pending, and may be repeated. */
  apply(input: I, context: StepContext): Promise<void>;
}

/** What a step's file says of it. I is plain data that prints, and nothing that is only known at run time. */
export interface StepDefinition<I> extends StepEffects<I> {
  readonly kind: `${StageName}.${string}`;
  /** The inputs of the steps of this kind in a lab, in order. Absent for steps that only a rebuild has. */
  inputs?(config: LabConfig): readonly I[];
  /** What tells it from others of its kind: `node1`; '' (default) for a step that exists once. */
  target?(input: I): string;
  title(input: I): string;
  /** Ids of the steps that must be done before; none by default. */
  needs?(input: I, config: LabConfig): readonly string[];
}

/**
 * One kind of step. It has methods rather than function properties so that kinds of all inputs fit into one list: the
 * engine hands a kind the inputs of its own steps alone.
 */
export interface StepKind<I = unknown> extends StepEffects<I> {
  readonly kind: Step['kind'];
  /** The step for one input. */
  of(input: I, config: LabConfig): Step<I>;
  /** The steps of this kind in a lab; none when only a rebuild has such steps. */
  plan(config: LabConfig): readonly Step<I>[];
}

/** Kinds of steps by their names. */
export type StepKinds = ReadonlyMap<string, StepKind>;

/** A kind of step from what its file says of it. */
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

/** Kinds by their names. Throws when two have the same name: a mistake in kglab. */
export const byKind = (kinds: readonly StepKind[]): StepKinds => {
  const found = new Map(kinds.map((one) => [one.kind, one]));
  if (found.size < kinds.length) throw new Error('two kinds of steps have the same name');
  return found;
};
