import { describe, expect, it } from 'vitest';
import { toPlan, until } from '../../../src/engine/graph.js';
import { step } from '../../../src/engine/make-step.js';
import { planUp } from '../../../src/recipe/up.js';
import { renderPlan } from '../../../src/engine/render-plan.js';
import { STAGES } from '../../../src/engine/step.js';
import { LABS } from '../../helpers/labs.js';
import { labOf } from '../../helpers/step-context.js';

const node = (name: string, ...needs: string[]) =>
  step('machines.ready', name, name, needs, { machine: name });

describe('toPlan', () => {
  it('refuses an id that stands twice', () => {
    expect(() => toPlan('demo', [node('a'), node('a')])).toThrow('step machines.ready:a stands twice');
  });

  it('refuses a need that is not there, that comes later, or that is the step itself', () => {
    const refusal = (need: string) => `step machines.ready:a needs ${need}, which does not stand before it`;
    expect(() => toPlan('demo', [node('a', 'nothing')])).toThrow(refusal('nothing'));
    expect(() => toPlan('demo', [node('a', 'machines.ready:b'), node('b')])).toThrow(
      refusal('machines.ready:b'),
    );
    expect(() => toPlan('demo', [node('a', 'machines.ready:a')])).toThrow(refusal('machines.ready:a'));
  });
});

describe('until', () => {
  const plan = planUp(labOf(LABS['two-volumes']));

  it.each(STAGES)('ends after %s with a plan that is whole', (stage) => {
    const part = until(plan, stage);
    expect([...new Set(part.steps.map((one) => one.stage))]).toEqual(
      STAGES.slice(0, STAGES.indexOf(stage) + 1),
    );
    expect(() => toPlan('demo', part.steps)).not.toThrow();
  });

  it('leaves out nothing of what it keeps', () => {
    expect(until(plan, 'smoke')).toEqual(plan);
  });
});

describe('renderPlan', () => {
  const plan = planUp(labOf(LABS['one-node']));

  it('draws every step and every need as a graph', () => {
    const dot = renderPlan(plan, 'dot');
    const edges = plan.steps.flatMap(({ id, needs }) => needs.map((need) => `  "${need}" -> "${id}";`));
    expect(dot.split('\n').filter((line) => line.includes(' -> '))).toEqual(edges);
    for (const { id, title } of plan.steps) expect(dot).toContain(`"${id}" [label="${title}"];`);
    expect(dot).toMatch(/^digraph "solo" \{/);
    expect(dot.split('{').length).toBe(dot.split('}').length);
  });

  it('counts and lists the steps by stage', () => {
    const lines = renderPlan(plan, 'text').trimEnd().split('\n');
    expect(lines[0]).toBe(`Plan of lab solo: ${plan.steps.length} steps`);
    expect(lines.filter((line) => line.startsWith('  '))).toEqual(
      plan.steps.map(({ title }) => `  ${title}`),
    );
  });
});
