import type { Plan, Step, StepKind, StepKinds } from './step.js';
import { CliError } from '../errors/cli-error.js';
import { factCache, pending, withDeadline, type RunContext, type StepContext } from './context.js';
import { unfailing, type Outcome, type Reporter } from './events.js';

export interface RunOptions {
  readonly context: RunContext;
  /** Every kind of step that the plan has. */
  readonly kinds: StepKinds;
  /** Its errors do not end the run. */
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /**
   * Only probe. If a step would change, the steps that need it count as "would change" without a probe. A failed probe
   * does not stop the others.
   */
  readonly dryRun?: boolean;
  /** Most steps that run at the same time. */
  readonly limit?: number;
}

export interface StepResult {
  readonly step: Step;
  readonly outcome: Outcome;
  readonly because?: string;
}

export interface RunResult {
  readonly results: readonly StepResult[];
  /** Steps that changed something, or would. */
  readonly changed: number;
  /** The errors of the probes of a dry run. */
  readonly errors: readonly unknown[];
}

/** Default of `limit`: most steps wait for a machine, and all machines of a lab should be busy. */
const LIMIT = 12;

type Settled = Omit<StepResult, 'step'>;

/**
 * Probes every step and applies those that are pending; steps whose needs are done run in parallel. After a failure
 * no further step starts, running steps finish, and the rest is skipped; then the error is thrown (an AggregateError
 * when there are several). A dry run goes on after a failure, without the steps that need the failed one, and returns
 * the errors. An aborted run throws INTERRUPTED, with earlier failures in its details.
 */
export const runPlan = async (plan: Plan, options: RunOptions): Promise<RunResult> => {
  const { context, signal, limit = LIMIT } = options;
  const reporter = unfailing(options.reporter);
  const { clock } = context;
  const start = clock.now();
  reporter.emit({ type: 'run.started', plan, at: start });
  const run = new Run(plan, { ...options, reporter });
  await run.all(limit);
  const results = plan.steps.map((step) => ({ step, ...run.outcome(step.id) }));
  const changed = results.filter(({ outcome }) => outcome === 'changed' || outcome === 'would-change').length;
  const ok = run.errors.length === 0 && !signal.aborted;
  reporter.emit({ type: 'run.finished', ok, changed, durationMs: clock.now() - start, at: clock.now() });
  if (signal.aborted)
    throw new CliError('INTERRUPTED', 'Interrupted. Finished steps are kept; `kglab up` continues.', {
      details: run.errors.map((error) => `before that, a step failed: ${messageOf(error)}`),
    });
  if (!options.dryRun) throwFailures(run.errors);
  return { results, changed, errors: run.errors };
};

/** Throws the error of the failed step; an AggregateError of several. */
export const throwFailures = (errors: readonly unknown[]): void => {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} steps failed`);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class Run {
  readonly errors: unknown[] = [];
  private readonly settled = new Map<string, Settled>();
  private readonly facts = factCache();
  private readonly waiting: Set<Step>;
  private running = 0;
  private finish: () => void = () => {};

  constructor(
    plan: Plan,
    private readonly options: RunOptions,
  ) {
    this.waiting = new Set(plan.steps);
  }

  outcome(id: string): Settled {
    return this.settled.get(id) ?? { outcome: 'skipped', because: 'the run ended first' };
  }

  all(limit: number): Promise<void> {
    return new Promise((resolve) => {
      this.finish = resolve;
      this.startReady(limit);
    });
  }

  private startReady(limit: number): void {
    const { signal, dryRun = false } = this.options;
    const stopped = (this.errors.length > 0 && !dryRun) || signal.aborted;
    for (const step of this.waiting) {
      if (stopped || this.running >= limit) break;
      if (!step.needs.every((need) => this.settled.has(need))) continue;
      this.waiting.delete(step);
      const failed = this.failedNeed(step);
      if (failed !== undefined) {
        // Steps that need this one come later in this loop.
        this.settle(step, { outcome: 'skipped', because: failed }, this.options.context.clock.now());
        continue;
      }
      this.running += 1;
      void this.one(step).then(() => {
        this.running -= 1;
        this.startReady(limit);
      });
    }
    if (this.running > 0) return;
    this.skipRest();
    this.finish();
  }

  private skipRest(): void {
    const because = this.options.signal.aborted ? 'interrupted' : 'an earlier step failed';
    for (const step of this.waiting)
      this.settle(step, { outcome: 'skipped', because }, this.options.context.clock.now());
    this.waiting.clear();
  }

  private settle(step: Step, settled: Settled, startedAt: number): void {
    const at = this.options.context.clock.now();
    this.settled.set(step.id, settled);
    this.options.reporter.emit({
      type: 'step.finished',
      id: step.id,
      ...settled,
      durationMs: at - startedAt,
      at,
    });
  }

  private async one(step: Step): Promise<void> {
    const at = this.options.context.clock.now();
    this.options.reporter.emit({ type: 'step.started', id: step.id, at });
    try {
      this.settle(step, await this.perform(step), at);
    } catch (error) {
      if (!this.options.signal.aborted) this.errors.push(error);
      this.settle(step, { outcome: 'failed', because: messageOf(error) }, at);
    }
  }

  private async perform(step: Step): Promise<Settled> {
    const { reporter, dryRun = false, context } = this.options;
    const kind = this.kindOf(step);
    const stepContext = this.contextOf(step);
    const probe =
      dryRun && this.needWouldChange(step)
        ? pending('depends on an earlier step')
        : await kind.probe(step.input, stepContext);
    if (probe.state === 'satisfied') return { outcome: 'unchanged' };
    reporter.emit({ type: 'step.pending', id: step.id, because: probe.because, at: context.clock.now() });
    if (dryRun) return { outcome: 'would-change', because: probe.because };
    this.options.signal.throwIfAborted();
    try {
      await kind.apply(step.input, stepContext);
    } finally {
      this.facts.clear();
    }
    return { outcome: 'changed', because: probe.because };
  }

  private kindOf({ id, kind }: Step): StepKind {
    const found = this.options.kinds.get(kind);
    if (found === undefined) throw new Error(`step ${id} has an unknown kind`);
    return found;
  }

  /** Why this step cannot run: the failed step that it needs, or the reason a needed step was skipped. */
  private failedNeed(step: Step): string | undefined {
    for (const need of step.needs) {
      const { outcome, because } = this.outcome(need);
      if (outcome === 'failed') return need;
      if (outcome === 'skipped') return because;
    }
    return undefined;
  }

  private needWouldChange(step: Step): boolean {
    return step.needs.some((need) => this.settled.get(need)?.outcome === 'would-change');
  }

  private contextOf(step: Step): StepContext {
    const { context, signal, reporter } = this.options;
    return {
      ...context,
      signal,
      say: (line) => reporter.emit({ type: 'step.line', id: step.id, line, at: context.clock.now() }),
      machine: (name) => withDeadline(context.provider.machine(name)),
      fact: (key, read) => this.facts.get(key, read),
    };
  }
}
