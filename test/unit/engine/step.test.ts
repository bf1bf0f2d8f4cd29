import { describe, expect, it } from 'vitest';
import { satisfied } from '../../../src/engine/context.js';
import { byKind, defineStep } from '../../../src/engine/step.js';
import { failureOf, labOf } from '../../helpers/step-context.js';
import { ScriptedRun, stepOf } from './scripted-run.js';

const effects = { probe: () => Promise.resolve(satisfied), apply: () => Promise.resolve() };
const config = labOf('name: demo');

const perMachine = defineStep<{ readonly machine: string }>({
  kind: 'machines.greet',
  inputs: ({ nodes }) => nodes.map(({ machine }) => ({ machine })),
  target: ({ machine }) => machine,
  title: ({ machine }) => `Greet ${machine}`,
  needs: ({ machine }, { name }) => [`machines.meet:${machine}@${name}`],
  ...effects,
});
const once = defineStep<Record<string, never>>({
  kind: 'smoke.once',
  inputs: () => [{}],
  title: () => 'Do it once',
  ...effects,
});
const onRequest = defineStep<{ readonly name: string }>({
  kind: 'k3s.request',
  title: ({ name }) => name,
  ...effects,
});

describe('defineStep', () => {
  it('plans a step for each input, with kind and target as its id', () => {
    expect(perMachine.plan(config).map(({ id }) => id)).toEqual([
      'machines.greet:demo-node1',
      'machines.greet:demo-node2',
      'machines.greet:demo-node3',
    ]);
    expect(perMachine.plan(config)[0]).toEqual({
      id: 'machines.greet:demo-node1',
      kind: 'machines.greet',
      stage: 'machines',
      title: 'Greet demo-node1',
      needs: ['machines.meet:demo-node1@demo'],
      input: { machine: 'demo-node1' },
    });
  });

  it('uses the kind as the id, and needs nothing, when target and needs are absent', () => {
    expect(once.plan(config)).toMatchObject([{ id: 'smoke.once', stage: 'smoke', needs: [] }]);
  });

  it('plans nothing without inputs, and makes a step from an input on request', () => {
    expect(onRequest.plan(config)).toEqual([]);
    expect(onRequest.of({ name: 'this' }, config)).toMatchObject({ id: 'k3s.request', title: 'this' });
  });
});

describe('byKind', () => {
  it('finds a kind by its name', () => {
    expect(byKind([perMachine, once]).get('smoke.once')).toBe(once);
  });

  it('refuses two kinds with the same name', () => {
    expect(() => byKind([once, once])).toThrow('same name');
  });
});

describe('a run', () => {
  it('fails a step whose kind it does not know', async () => {
    const error = await failureOf(new ScriptedRun().run([{ ...stepOf('a'), kind: 'gluster.other' }]));
    expect(error).toMatchObject({ message: 'step gluster.service:a has an unknown kind' });
  });
});
