import { pending, satisfied, type Probe, type StepContext } from '../../../src/engine/context.js';
import { runPlan, type RunOptions, type RunResult } from '../../../src/engine/run-plan.js';
import { toPlan } from '../../../src/engine/plan.js';
import { byKind, defineStep, type Step } from '../../../src/engine/step.js';
import { RecordingReporter } from '../../helpers/recording-reporter.js';
import { Stage } from '../../helpers/step-context.js';

/** A step that stands for any: `name` needs the others. */
export const stepOf = (name: string, ...needs: string[]): Step => ({
  id: `gluster.service:${name}`,
  kind: 'gluster.service',
  stage: 'gluster',
  title: name,
  needs: needs.map((need) => `gluster.service:${need}`),
  input: { machine: name },
});

export interface Doing {
  readonly probe?: (name: string, context: StepContext) => Probe | Promise<Probe>;
  readonly apply?: (name: string, context: StepContext) => void | Promise<void>;
}

/** Runs steps whose effects are the test's; `log` has every probe and apply in the order of their start. */
export class ScriptedRun {
  readonly stage = new Stage([]);
  readonly reporter = new RecordingReporter();
  readonly log: string[] = [];
  private readonly gates = new Map<string, { open: () => void; fail: (error: Error) => void }>();

  run(steps: readonly Step[], doing: Doing = {}, options: Partial<RunOptions> = {}): Promise<RunResult> {
    const kind = defineStep<{ readonly machine: string }>({
      kind: 'gluster.service',
      title: ({ machine }) => machine,
      probe: async ({ machine }, context) => {
        this.log.push(`probe ${machine}`);
        return (await doing.probe?.(machine, context)) ?? pending('new');
      },
      apply: async ({ machine }, context) => {
        this.log.push(`apply ${machine}`);
        await doing.apply?.(machine, context);
      },
    });
    return runPlan(toPlan('demo', steps), {
      context: this.stage.context(),
      kinds: byKind([kind]),
      reporter: this.reporter,
      signal: this.stage.abort.signal,
      ...options,
    });
  }

  /** Work that goes on until {@link open} or {@link fail} is called with its name. */
  readonly gate = (name: string): Promise<void> =>
    new Promise((resolve, reject) => this.gates.set(name, { open: resolve, fail: reject }));

  async open(...names: string[]): Promise<void> {
    for (const name of names) this.gateOf(name).open();
    await turn();
  }

  async fail(name: string, error: Error): Promise<void> {
    this.gateOf(name).fail(error);
    await turn();
  }

  private gateOf(name: string) {
    const gate = this.gates.get(name);
    if (gate === undefined) throw new Error(`${name} does not run; what ran: ${this.log.join(', ')}`);
    this.gates.delete(name);
    return gate;
  }
}

/** Lets everything that is due happen. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A world in which what was applied stays applied. */
export const lasting = (): Doing => {
  const done = new Set<string>();
  return {
    probe: (name) => (done.has(name) ? satisfied : pending(`${name} is missing`)),
    apply: (name) => void done.add(name),
  };
};
