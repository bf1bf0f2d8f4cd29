import type { Artifacts, ImageChoice } from '../artifacts/artifacts.js';
import type { Executor } from '../exec/command.js';
import type { LabRef, Machine, MachineInfo, MachineProvider } from '../machines/provider.js';
import type { Clock } from '../util/clock.js';

/** Access to the lab's files on the host. */
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
  /** Reads a fact once per run and shares it among the probes, until any step changes something. */
  fact<T>(key: string, read: () => Promise<T>): Promise<T>;
}

/** The result of a probe: nothing to do, or what is missing. */
export type Probe = { readonly state: 'satisfied' } | { readonly state: 'pending'; readonly because: string };

/** Nothing to do. */
export const satisfied: Probe = { state: 'satisfied' };

/** Something to do: `because` completes the sentence "to do, because …". */
export const pending = (because: string): Probe => ({ state: 'pending', because });

/** The same context without cached facts, for loops that wait for a change. */
export const fresh = (context: StepContext): StepContext => ({ ...context, fact: (_key, read) => read() });

/** A cache of facts. `clear` drops all of them, because any change may have made them false. */
export interface FactCache {
  get<T>(key: string, read: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** An empty cache. Concurrent readers of a key share one promise; a failed read is not cached. */
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

/** The machines of the lab as the provider lists them; cached as a fact. */
export const machineInfos = ({ fact, provider, signal }: StepContext): Promise<readonly MachineInfo[]> =>
  fact('machines', () => provider.list({ signal }));

/** One machine of the lab as the provider lists it; undefined when it does not exist. */
export const machineInfo = async (name: string, context: StepContext): Promise<MachineInfo | undefined> =>
  (await machineInfos(context)).find((info) => info.name === name);

/**
 * Default timeout of a command in a machine, in milliseconds. Such commands take seconds at most; the timeout keeps a
 * machine that hangs from hanging kglab.
 */
export const COMMAND_MS = 300_000;

/** The machine, with {@link COMMAND_MS} as the timeout of every command that has none of its own. */
export const withDeadline = (machine: Machine): Pick<Machine, 'name' | 'exec'> => ({
  name: machine.name,
  exec: (command, options) => machine.exec(command, { timeoutMs: COMMAND_MS, ...options }),
});
