import type { Artifacts, ImageChoice } from '../artifacts/artifacts.js';
import type { Executor } from '../exec/command.js';
import type { LabRef, Machine, MachineProvider } from '../machines/provider.js';
import type { StepInputs, StepKind } from './step.js';
import type { Clock } from '../util/clock.js';

/** Files of the host that belong to a lab. */
export interface LabFiles {
  /** Path of the lab's kubeconfig. */
  readonly kubeconfig: string;
  read(path: string): Promise<string | undefined>;
  /** Writes atomically, for the owner alone (0600). */
  write(path: string, content: string): Promise<void>;
}

/** Texts of templates/ and cloud-init/, by file name. */
export type Templates = Readonly<Record<string, string>>;

/** What a run works with; the same for all of its steps. */
export interface RunContext {
  readonly lab: LabRef;
  readonly provider: MachineProvider;
  readonly host: Executor;
  readonly clock: Clock;
  readonly templates: Templates;
  readonly artifacts: Artifacts;
  readonly images: ImageChoice;
  readonly files: LabFiles;
  /** Secret of the cluster, chosen before it exists. Only ever sent by standard input. */
  readonly token: string;
  /** Random hexadecimal text, two digits a byte. */
  random(bytes: number): string;
}

/** What a handler is given. */
export interface StepContext extends RunContext {
  readonly signal: AbortSignal;
  /** Shows one line of progress under the step. */
  say(line: string): void;
  machine(name: string): Machine;
  /** A fact read once and shared by the probes of a run, until a step changes something. */
  fact<T>(key: string, read: () => Promise<T>): Promise<T>;
}

/** What a probe finds: nothing to do, or what is not yet true. */
export type Probe = { readonly state: 'satisfied' } | { readonly state: 'pending'; readonly because: string };

/** Nothing to do. */
export const satisfied: Probe = { state: 'satisfied' };

/** Something to do: `because` completes the sentence "to do, because …". */
export const pending = (because: string): Probe => ({ state: 'pending', because });

/** The effects of one kind of step. `probe` only reads; `apply` runs when it says pending, and may be repeated. */
export interface StepHandler<K extends StepKind> {
  probe(input: StepInputs[K], context: StepContext): Promise<Probe>;
  apply(input: StepInputs[K], context: StepContext): Promise<void>;
}

export type StepHandlers = { readonly [K in StepKind]: StepHandler<K> };

/** The same context, in which every fact is read anew: for waiting until something has changed. */
export const fresh = (context: StepContext): StepContext => ({ ...context, fact: (_key, read) => read() });
