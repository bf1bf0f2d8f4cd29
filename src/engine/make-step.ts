import type { StageName, Step, StepInputs, StepKind } from './step.js';

/** Builds one step; the id is `kind:target`, or the kind alone for a step that exists once. */
export const step = <K extends StepKind>(
  kind: K,
  target: string,
  title: string,
  needs: readonly string[],
  input: StepInputs[K],
): Step =>
  ({
    id: target === '' ? kind : `${kind}:${target}`,
    kind,
    stage: kind.slice(0, kind.indexOf('.')) as StageName,
    title,
    needs,
    input,
  }) as unknown as Step;
