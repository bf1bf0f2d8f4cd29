import { STAGES, type Plan, type StageName, type Step } from './step.js';

/**
 * Checks a list of steps and returns it as a plan. Throws on a duplicate id, a need that does not exist, or a need
 * that comes later in the list (which also rules out cycles). Such an error is a bug in kglab, not in a lab file.
 */
export const toPlan = (lab: string, steps: readonly Step[]): Plan => {
  const seen = new Set<string>();
  for (const { id, needs } of steps) {
    if (seen.has(id)) throw new Error(`the plan contains step ${id} twice`);
    const missing = needs.find((need) => !seen.has(need));
    if (missing !== undefined)
      throw new Error(`step ${id} needs ${missing}, which is not before it in the plan`);
    seen.add(id);
  }
  return { lab, steps };
};

/** The plan up to and including a stage. */
export const until = (plan: Plan, stage: StageName): Plan => {
  const last = STAGES.indexOf(stage);
  return { ...plan, steps: plan.steps.filter((step) => STAGES.indexOf(step.stage) <= last) };
};

const asText = ({ lab, steps }: Plan): string => {
  const stages = STAGES.map((stage) => [stage, steps.filter((step) => step.stage === stage)] as const);
  const lines = stages
    .filter(([, found]) => found.length > 0)
    .flatMap(([stage, found]) => [stage, ...found.map(({ title }) => `  ${title}`)]);
  return [`Plan of lab ${lab}: ${steps.length} steps`, ...lines, ''].join('\n');
};

const edges = ({ id, needs }: Step): string[] =>
  needs.map((need) => `  ${JSON.stringify(need)} -> ${JSON.stringify(id)};`);

const asDot = ({ lab, steps }: Plan): string => {
  const clusters = STAGES.flatMap((stage) => {
    const found = steps.filter((step) => step.stage === stage);
    if (found.length === 0) return [];
    const nodes = found.map(({ id, title }) => `    ${JSON.stringify(id)} [label=${JSON.stringify(title)}];`);
    return [`  subgraph ${JSON.stringify(`cluster_${stage}`)} {`, `    label=${stage};`, ...nodes, '  }'];
  });
  return [
    `digraph ${JSON.stringify(lab)} {`,
    '  rankdir=LR;',
    '  node [shape=box];',
    ...clusters,
    ...steps.flatMap(edges),
    '}',
    '',
  ].join('\n');
};

/** A plan as a list for people, as JSON, or as a graph for Graphviz. */
export const renderPlan = (plan: Plan, format: 'text' | 'json' | 'dot'): string => {
  if (format === 'json') return `${JSON.stringify(plan, null, 2)}\n`;
  return format === 'dot' ? asDot(plan) : asText(plan);
};
