import type { Artifacts, ImageChoice } from '../artifacts/artifacts.js';
import type { Executor } from '../exec/command.js';
import type { LabRef, Machine, MachineInfo, MachineProvider } from '../machines/provider.js';
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

/** What a step is given. */
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

/** The same context, in which every fact is read anew: for waiting until something has changed. */
export const fresh = (context: StepContext): StepContext => ({ ...context, fact: (_key, read) => read() });

/** Facts read once and shared; `clear` forgets them all, as any change may have made them false. */
export interface FactCache {
  get<T>(key: string, read: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** An empty cache. Readers of one key share one promise; one that fails is forgotten at once. */
export const factCache = (): FactCache => {
  const facts = new Map<string, Promise<unknown>>();
  return {
    get: <T>(key: string, read: () => Promise<T>): Promise<T> => {
      const known = facts.get(key);
      if (known !== undefined) return known as Promise<T>;
      const reading = read();
      facts.set(key, reading);
      reading.catch(() => facts.get(key) === reading && facts.delete(key));
      return reading;
    },
    clear: () => facts.clear(),
  };
};

/** The machines of the lab as its provider has them; probes share one look. */
export const machineInfos = ({ fact, provider, signal }: StepContext): Promise<readonly MachineInfo[]> =>
  fact('machines', () => provider.list({ signal }));

/** One machine of the lab as its provider has it; undefined when there is none of that name. */
export const machineInfo = async (name: string, context: StepContext): Promise<MachineInfo | undefined> =>
  (await machineInfos(context)).find((info) => info.name === name);

/**
 * Longest that a command in a machine may take when nobody said how long: nothing of the kind takes more than seconds,
 * and a machine that hangs must not hang kglab.
 */
export const COMMAND_MS = 300_000;

/** A machine whose commands all have a deadline. */
export const withDeadline = (machine: Machine): Pick<Machine, 'name' | 'exec'> => ({
  name: machine.name,
  exec: (command, options) => machine.exec(command, { timeoutMs: COMMAND_MS, ...options }),
});
