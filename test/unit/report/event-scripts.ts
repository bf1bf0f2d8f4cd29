import type { Outcome, RunEvent } from '../../../src/engine/events.js';
import type { Plan, Step } from '../../../src/engine/step.js';

const step = (kind: string, target: string, title: string, ...needs: string[]): Step =>
  ({ id: `${kind}:${target}`, kind, stage: kind.split('.')[0], title, needs, input: {} }) as unknown as Step;

const CREATE_1 = 'machines.create:demo-node1';
const CREATE_2 = 'machines.create:demo-node2';
const POOL = 'gluster.pool:demo';

export const PLAN: Plan = {
  lab: 'demo',
  steps: [
    step('machines.create', 'demo-node1', 'Create machine demo-node1'),
    step('machines.create', 'demo-node2', 'Create machine demo-node2'),
    step('gluster.pool', 'demo', 'Form the trusted pool', CREATE_1, CREATE_2),
  ],
};

const started = (id: string, at: number): RunEvent => ({ type: 'step.started', id, at });
const pending = (id: string, because: string, at: number): RunEvent => ({
  type: 'step.pending',
  id,
  because,
  at,
});
const finished = (
  id: string,
  outcome: Outcome,
  at: number,
  durationMs: number,
  because?: string,
): RunEvent => ({
  type: 'step.finished',
  id,
  outcome,
  durationMs,
  at,
  ...(because === undefined ? {} : { because }),
});
const begin: RunEvent = { type: 'run.started', plan: PLAN, at: 0 };
const end = (ok: boolean, changed: number, at: number): RunEvent => ({
  type: 'run.finished',
  ok,
  changed,
  durationMs: at,
  at,
});

/** A run and what every reporter for people must have said by its end. */
export interface EventScript {
  readonly name: string;
  readonly events: readonly RunEvent[];
  readonly says: readonly RegExp[];
}

export const SCRIPTS: readonly EventScript[] = [
  {
    name: 'success, steps side by side',
    events: [
      begin,
      started(CREATE_1, 0),
      started(CREATE_2, 0),
      pending(CREATE_1, 'it does not exist', 10),
      { type: 'step.line', id: CREATE_1, line: 'unpacking the image', at: 500 },
      finished(CREATE_2, 'unchanged', 700, 700),
      finished(CREATE_1, 'changed', 3200, 3200),
      started(POOL, 3200),
      pending(POOL, 'one peer is missing', 3210),
      finished(POOL, 'changed', 4000, 800),
      end(true, 2, 4000),
    ],
    says: [/Lab demo: 2 machines, 3 steps, 2 changes \(4\.0 s\)\./],
  },
  {
    name: 'failure with skipped steps',
    events: [
      begin,
      started(CREATE_1, 0),
      finished(CREATE_1, 'changed', 100, 100),
      started(CREATE_2, 0),
      pending(CREATE_2, 'it does not exist', 10),
      finished(CREATE_2, 'failed', 1000, 1000, 'the disk is full'),
      finished(POOL, 'skipped', 1000, 0, CREATE_2),
      end(false, 1, 1100),
    ],
    says: [
      /Create machine demo-node2 .*(FAILED|failed).*the disk is full/,
      /Form the trusted pool .*skipped.*needs "Create machine demo-node2"/,
      /Lab demo: 1 of 3 steps failed, 1 skipped, 1 change \(1\.1 s\)\./,
    ],
  },
  {
    name: 'dry run',
    events: [
      begin,
      started(CREATE_1, 0),
      finished(CREATE_1, 'unchanged', 20, 20),
      started(CREATE_2, 0),
      finished(CREATE_2, 'would-change', 30, 30, 'it does not exist'),
      finished(POOL, 'would-change', 30, 0, CREATE_2),
      end(true, 0, 40),
    ],
    says: [/Lab demo: 2 machines, 3 steps, 2 would change \(0\.0 s\)\./],
  },
  {
    name: 'nothing to do',
    events: [
      begin,
      ...PLAN.steps.flatMap(({ id }) => [started(id, 0), finished(id, 'unchanged', 50, 50)]),
      end(true, 0, 200),
    ],
    says: [/Lab demo: 2 machines, 3 steps, 0 changes \(0\.2 s\)\./],
  },
  {
    name: 'interrupted with steps left',
    events: [
      begin,
      started(CREATE_1, 0),
      finished(CREATE_1, 'changed', 10, 10),
      started(CREATE_2, 10),
      end(false, 1, 900),
    ],
    says: [/Lab demo: not finished, 1 change \(0\.9 s\)\./],
  },
];
