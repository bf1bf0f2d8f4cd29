import { describe, expect, it } from 'vitest';
import { renderPlan, toPlan, until } from '../../../src/engine/plan.js';
import { planUp } from '../../../src/recipe/up.js';
import { STAGES } from '../../../src/engine/step.js';
import { stepOf } from './scripted-run.js';
import { LABS } from '../../helpers/labs.js';
import { labOf } from '../../helpers/step-context.js';

describe('toPlan', () => {
  it('refuses a duplicate id', () => {
    expect(() => toPlan('demo', [stepOf('a'), stepOf('a')])).toThrow(
      'the plan contains step gluster.service:a twice',
    );
  });

  it.each([
    ['is missing', [stepOf('a', 'b')], 'b'],
    ['comes later', [stepOf('a', 'b'), stepOf('b')], 'b'],
    ['is the step itself', [stepOf('a', 'a')], 'a'],
  ] as const)('refuses a need that %s', (_what, steps, need) => {
    expect(() => toPlan('demo', steps)).toThrow(
      `step gluster.service:a needs gluster.service:${need}, which is not before it in the plan`,
    );
  });
});

describe('until', () => {
  const plan = planUp(labOf(LABS['two-volumes']));

  it.each(STAGES)('ends after stage %s with a valid plan', (stage) => {
    const part = until(plan, stage);
    expect([...new Set(part.steps.map((one) => one.stage))]).toEqual(
      STAGES.slice(0, STAGES.indexOf(stage) + 1),
    );
    expect(() => toPlan('demo', part.steps)).not.toThrow();
  });

  it('returns the whole plan for the last stage', () => {
    expect(until(plan, 'smoke')).toEqual(plan);
  });
});

describe('renderPlan', () => {
  const plan = planUp(labOf(LABS['one-node']));

  it('renders every step and need as a Graphviz graph', () => {
    const dot = renderPlan(plan, 'dot');
    const edges = plan.steps.flatMap(({ id, needs }) => needs.map((need) => `  "${need}" -> "${id}";`));
    expect(dot.split('\n').filter((line) => line.includes(' -> '))).toEqual(edges);
    for (const { id, title } of plan.steps) expect(dot).toContain(`"${id}" [label="${title}"];`);
    expect(dot).toMatch(/^digraph "solo" \{/);
    expect(dot.split('{').length).toBe(dot.split('}').length);
  });

  it('renders the steps by stage as text, with their number', () => {
    const lines = renderPlan(plan, 'text').trimEnd().split('\n');
    expect(lines[0]).toBe(`Plan of lab solo: ${plan.steps.length} steps`);
    expect(lines.filter((line) => line.startsWith('  '))).toEqual(
      plan.steps.map(({ title }) => `  ${title}`),
    );
  });
});
