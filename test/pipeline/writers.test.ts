import { describe, expect, it } from 'vitest';
import { planUp } from '../../src/recipe/up.js';
import type { Step } from '../../src/engine/step.js';
import { LABS } from '../helpers/labs.js';
import { SimLab } from '../helpers/sim-lab.js';

/** All steps that a step waits for, directly or indirectly. */
const before = (steps: readonly Step[], id: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const visit = (one: string): void => {
    for (const need of steps.find((step) => step.id === one)?.needs ?? [])
      if (!found.has(need)) {
        found.add(need);
        visit(need);
      }
  };
  visit(id);
  return found;
};

describe('files of a machine', () => {
  // Two concurrent writers of one file would remove each other's temporary file.
  it.each(['default', 'two-volumes'] as const)('are never written by two steps at once: %s', async (name) => {
    const lab = new SimLab(`${LABS[name]}\nprovider: simulator\n`);
    const writers = new Map<string, Set<string>>();
    const { error } = await lab.up({
      witness: ({ machine, command, step }) => {
        const [, script = '', , path] = command?.args ?? [];
        if (!script.includes('.kglab-new') || path === undefined) return;
        const key = `${machine}:${path}`;
        writers.set(key, (writers.get(key) ?? new Set()).add(step));
      },
    });
    expect(error).toBeUndefined();
    expect(writers.size).toBeGreaterThan(10);
    const { steps } = planUp(lab.config);
    const clashes = [...writers].flatMap(([file, [first = '', ...rest]]) =>
      rest
        .filter((other) => !before(steps, first).has(other) && !before(steps, other).has(first))
        .map((other) => `${file}: ${first} and ${other}`),
    );
    expect(clashes).toEqual([]);
  });
});
