import { setMaxListeners } from 'node:events';
import { down, planRemoval } from '../../src/app/down.js';
import { planTarget, rebuild, type RebuildOptions } from '../../src/app/rebuild.js';
import { openLab } from '../../src/lab/lab.js';
import { knownLab } from '../../src/lab/open.js';
import { start } from '../../src/app/start.js';
import { status, type Status } from '../../src/app/status.js';
import { stop } from '../../src/app/stop.js';
import { up } from '../../src/app/up.js';
import type { World } from '../../src/lab/world.js';
import { loadTemplates } from '../../src/cli/support/templates.js';
import type { LabConfig } from '../../src/config/config.js';
import type { Command, CommandResult } from '../../src/exec/command.js';
import { parseConfig } from '../../src/config/parse.js';
import type { StepContext } from '../../src/engine/context.js';
import type { Outcome, Reporter, RunEvent } from '../../src/engine/events.js';
import { SimulatorProvider } from '../../src/simulator/provider.js';
import { SimClock } from '../../src/simulator/sim-clock.js';
import { MemoryStore } from '../../src/simulator/world-store.js';
import type { SimWorld } from '../../src/simulator/world.js';
import type { Machine, MachineProvider } from '../../src/machines/provider.js';
import type { StepEffects, StepKind, StepKinds } from '../../src/engine/step.js';
import { STEPS } from '../../src/recipe/rebuild.js';
import type { Fault, Operation, ProgramFaults } from '../../src/simulator/faults.js';
import { whenIdle } from '../../src/util/clock.js';
import { LAB_ID, MemoryLabStore } from './memory-lab-store.js';
import { withEffects } from './with-effects.js';

/** An operation on the host or a machine, with the step that asked for it. */
export interface Act extends Operation {
  readonly step: string;
  readonly phase: 'probe' | 'apply';
  /** Counts the operations of one kind in one phase of a step, from 0. */
  readonly nth: number;
}

export interface RunOptions {
  readonly fault?: (act: Act) => Fault | undefined;
  /** Called after each operation. */
  readonly witness?: (act: Act) => void;
  /** When Ctrl-C is pressed, in milliseconds of virtual time; after an hour by default. */
  readonly patienceMs?: number;
}

export interface Ran {
  readonly error: unknown;
  readonly changed: number;
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** Why steps were not satisfied. */
  readonly because: Readonly<Record<string, string>>;
  readonly virtualMs: number;
  readonly gaveUp: boolean;
}

/** A lab's state at one moment: machines and record. */
export interface Snapshot {
  readonly world: string;
  readonly ledger: readonly (readonly [string, string])[];
}

const templates = loadTemplates();
const HOUR_MS = 3_600_000;

/** Tells which step asks for an operation. */
class StepWatch implements Reporter {
  readonly outcomes: Record<string, Outcome> = {};
  readonly because: Record<string, string> = {};
  readonly kinds: StepKinds = withEffects(STEPS, (kind) => this.watched(kind));
  private readonly ids = new Map<unknown, string>();
  private asking: { readonly step: string; readonly phase: 'probe' | 'apply' } = { step: '', phase: 'probe' };
  private readonly counts = new Map<string, number>();
  private readonly acts = new Map<number, Act>();

  emit(event: RunEvent): void {
    if (event.type === 'run.started') for (const { id, input } of event.plan.steps) this.ids.set(input, id);
    if (event.type === 'step.pending') this.because[event.id] = event.because;
    if (event.type === 'step.finished') this.outcomes[event.id] = event.outcome;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  act(operation: Operation): Act {
    const known = this.acts.get(operation.index);
    if (known) return known;
    const key = `${this.asking.step} ${this.asking.phase} ${operation.kind}`;
    const nth = this.counts.get(key) ?? 0;
    this.counts.set(key, nth + 1);
    const made: Act = { ...operation, ...this.asking, nth };
    this.acts.set(operation.index, made);
    return made;
  }

  private watched(kind: StepKind): StepEffects {
    return {
      probe: (input, context) => kind.probe(input, this.asked(input, 'probe', context)),
      apply: (input, context) => kind.apply(input, this.asked(input, 'apply', context)),
    };
  }

  /** The context, with every operation labelled with its step. */
  private asked(input: unknown, phase: 'probe' | 'apply', context: StepContext): StepContext {
    const step = this.ids.get(input) ?? '';
    const tell =
      <A extends unknown[], R>(work: (...args: A) => R) =>
      (...args: A): R => {
        this.asking = { step, phase };
        try {
          return work(...args);
        } finally {
          this.asking = { step: '', phase: 'probe' };
        }
      };
    const inner = context.provider;
    const machine = (name: string): Machine => {
      const found = context.machine(name);
      return { name, exec: tell((...args: Parameters<Machine['exec']>) => found.exec(...args)) };
    };
    const provider: MachineProvider = {
      ...{ id: inner.id, features: inner.features, machine },
      abilities: {
        ...inner.abilities,
        ...(inner.abilities.keepFolders && { keepFolders: tell(inner.abilities.keepFolders) }),
      },
      foundation: {
        missing: tell((options) => inner.foundation.missing(options)),
        prepare: tell((options) => inner.foundation.prepare(options)),
        remove: tell((options) => inner.foundation.remove(options)),
      },
      list: tell((options) => inner.list(options)),
      create: tell((spec, options) => inner.create(spec, options)),
      start: tell((name, options) => inner.start(name, options)),
      stop: tell((name, options) => inner.stop(name, options)),
      remove: tell((name, options) => inner.remove(name, options)),
    };
    return { ...context, provider, machine };
  }
}

/** A lab of simulated machines; each `up` or `down` is a kglab process of its own. */
export class SimLab {
  readonly config: LabConfig;
  readonly machines = new MemoryStore();
  ledger = new MemoryLabStore();
  /** Answers that replace programs of the machines. */
  programs: ProgramFaults | undefined;

  constructor(text: string) {
    this.config = parseConfig(text, 'lab.yaml');
  }

  get world(): SimWorld | undefined {
    return this.machines.world;
  }

  /** What is left of the lab, by name. */
  get remains(): readonly string[] {
    const { machines = {}, volumes = {}, prepared = false, jobs = [] } = this.world ?? {};
    return [
      ...Object.keys(machines),
      ...Object.values(volumes).map(({ name }) => `volume ${name}`),
      ...(prepared ? ['network'] : []),
      ...jobs.map(({ kind }) => `job ${kind}`),
      ...this.ledger.texts.keys(),
    ];
  }

  snapshot(): Snapshot {
    return { world: JSON.stringify(this.machines.world ?? null), ledger: [...this.ledger.texts] };
  }

  restore({ world, ledger }: Snapshot): this {
    const found = JSON.parse(world) as SimWorld | null;
    if (found) this.machines.world = found;
    else delete this.machines.world;
    this.ledger = new MemoryLabStore(new Map(ledger));
    return this;
  }

  /** Lets virtual time pass without running kglab. */
  async wait(ms: number): Promise<void> {
    const { world } = this;
    if (!world) return;
    const clock = new SimClock(world.time, whenIdle);
    const provider = this.provider(clock, {}, new StepWatch());
    await clock.sleep(ms);
    await provider.list();
  }

  up(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, (world, kinds) => up(this.config, { kinds }, world));
  }

  /** As `kglab status`. */
  async status(options: RunOptions = {}): Promise<Status> {
    let found: Status | undefined;
    const { error } = await this.run(options, async (world) => {
      found = await status(await knownLab(this.config.name, world));
    });
    if (found === undefined) throw error;
    return found;
  }

  /** Runs a command on a machine, as `kglab exec` does. */
  async exec(node: string, command: Command): Promise<CommandResult> {
    const clock = new SimClock(this.world?.time ?? 0, whenIdle);
    return this.provider(clock, {}, new StepWatch()).machine(`${this.config.name}-${node}`).exec(command);
  }

  /** As `kglab rebuild`. */
  rebuild(what: Partial<RebuildOptions>, options: RunOptions = {}): Promise<Ran> {
    const all = { k3sOnly: false, node: undefined, keepData: false, ...what };
    return this.run(options, async (world, kinds) => {
      await planTarget(await knownLab(this.config.name, world), all);
      return rebuild(this.config.name, () => this.config, all, world, kinds);
    });
  }

  /** Shuts the lab down in order. */
  stop(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, async (world) => {
      await stop(await knownLab(this.config.name, world), { force: false });
    });
  }

  /** As `kglab start`. */
  start(options: RunOptions = {}): Promise<Ran> {
    return this.run(options, async (world, kinds) =>
      start(await knownLab(this.config.name, world), { kinds }),
    );
  }

  down(options: RunOptions = {}): Promise<Ran> {
    // It reads files of the host; virtual time must not run into the Ctrl-C meanwhile.
    return this.run({ ...options, patienceMs: Infinity }, async (world) => {
      const record = await this.ledger.load(this.config.name);
      if (record) await down(await planRemoval(await openLab(record, world)));
    });
  }

  /** Removes a machine with its disk. */
  async lose(node: string): Promise<void> {
    const clock = new SimClock(this.world?.time ?? 0, whenIdle);
    await this.provider(clock, {}, new StepWatch()).remove(`${this.config.name}-${node}`);
  }

  /** Switches a machine off at once, or on again. */
  async power(node: string, on: boolean): Promise<void> {
    const clock = new SimClock(this.world?.time ?? 0, whenIdle);
    const provider = this.provider(clock, {}, new StepWatch());
    const name = `${this.config.name}-${node}`;
    await (on ? provider.start(name) : provider.stop(name, { force: true }));
  }

  /** One process of kglab. */
  private async run(
    options: RunOptions,
    work: (world: World, kinds: StepKinds) => Promise<{ readonly changed: number } | void>,
  ): Promise<Ran> {
    const watch = new StepWatch();
    const clock = new SimClock(this.world?.time ?? Date.UTC(2026, 0, 1), whenIdle);
    const [patience, done] = [new AbortController(), new AbortController()] as const;
    setMaxListeners(0, patience.signal);
    const start = clock.now();
    const { patienceMs = HOUR_MS } = options;
    if (patienceMs < Infinity)
      clock.sleep(patienceMs, done.signal).then(
        () => patience.abort(new DOMException('Interrupted', 'AbortError')),
        () => undefined,
      );
    const world = this.worldOf(clock, options, watch, patience.signal);
    let [error, changed]: [unknown, number] = [undefined, 0];
    try {
      changed = (await work(world, watch.kinds))?.changed ?? 0;
    } catch (caught) {
      error = caught;
    }
    const gaveUp = patience.signal.aborted;
    done.abort(new DOMException('done', 'AbortError'));
    const virtualMs = clock.now() - start;
    return { error, changed, gaveUp, virtualMs, outcomes: watch.outcomes, because: watch.because };
  }

  private provider(clock: SimClock, { fault, witness }: RunOptions, watch: StepWatch): SimulatorProvider {
    return new SimulatorProvider({
      lab: { name: this.config.name, id: LAB_ID },
      clock,
      store: this.machines,
      programs: this.programs,
      faults: (operation) => {
        const act = watch.act(operation);
        return fault?.(act);
      },
      witness: (operation) => witness?.(watch.act(operation)),
    });
  }

  private worldOf(clock: SimClock, options: RunOptions, reporter: StepWatch, signal: AbortSignal): World {
    const refuse = () => Promise.reject(new Error('nothing of the host is needed for simulated machines'));
    const provider = this.provider(clock, options, reporter);
    return {
      ...{ clock, templates, reporter, signal, arch: 'amd64', releaseUrl: undefined },
      host: { exec: refuse },
      dirs: { state: '/memory', cache: '/memory', machines: '/memory' },
      store: this.ledger,
      userKubeconfigs: ['/memory/config'],
      fetch: refuse,
      chooseProvider: () => Promise.resolve('simulator'),
      provider: () => Promise.resolve(provider),
      findLab: () => Promise.resolve(this.world && { lab: this.world.lab, provider: 'simulator' }),
      checks: () => Promise.resolve([]),
      usable: refuse,
      say: () => undefined,
    };
  }
}
