import { loadTemplates } from '../../src/cli/support/templates.js';
import { parseConfig } from '../../src/config/parse.js';
import type { LabConfig } from '../../src/config/config.js';
import { factCache, type LabFiles, type StepContext } from '../../src/engine/context.js';
import type {
  Abilities,
  Foundation,
  MachineInfo,
  MachineProvider,
  MachineSpec,
} from '../../src/machines/provider.js';
import { FakeClock } from './fake-clock.js';
import { ScriptedExecutor, wordsOf, type Call } from './scripted-executor.js';

/** A token that tests can search for where it must not be. */
export const TOKEN = 'f00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeed';

/** A lab from the text of a lab file. */
export const labOf = (yaml = ''): LabConfig => parseConfig(yaml, 'lab.yaml');

/** Files of the host, in memory. */
export class MemoryFiles implements LabFiles {
  readonly kubeconfig = '/state/labs/demo/kubeconfig';
  readonly texts = new Map<string, string>();

  read(path: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(path));
  }

  write(path: string, content: string): Promise<void> {
    this.texts.set(path, content);
    return Promise.resolve();
  }
}

/** A provider of scripted machines; it records the machines that it was asked to create. */
export class ScriptedProvider implements MachineProvider {
  readonly id = 'simulator';
  readonly created: MachineSpec[] = [];
  readonly started: string[] = [];
  infos: MachineInfo[] = [];
  features = { packagesInImage: true, stableAddresses: true };
  foundation: Foundation = {
    missing: () => Promise.resolve(undefined),
    prepare: () => Promise.resolve(),
    remove: () => Promise.resolve(),
  };
  abilities: Abilities = {};
  private readonly machines = new Map<string, ScriptedExecutor>();

  constructor(readonly calls: Call[] = []) {}

  /** The machine, to add to its script. */
  machine(name: string): ScriptedExecutor {
    const known = this.machines.get(name) ?? new ScriptedExecutor(name, this.calls);
    this.machines.set(name, known);
    return known;
  }

  list(): Promise<readonly MachineInfo[]> {
    return Promise.resolve(this.infos);
  }

  create(spec: MachineSpec): Promise<void> {
    this.created.push(spec);
    return Promise.resolve();
  }

  start(name: string): Promise<void> {
    this.started.push(name);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}

/** A step's context with scripted machines, and what tests assert on afterwards. */
export class Stage {
  readonly calls: Call[] = [];
  readonly provider = new ScriptedProvider(this.calls);
  readonly clock = new FakeClock();
  readonly files = new MemoryFiles();
  readonly said: string[] = [];
  readonly abort = new AbortController();

  constructor(readonly machines: readonly string[] = ['g1', 'g2', 'g3']) {
    this.provider.infos = machines.map((name, index) => ({
      name,
      state: 'running',
      address: `10.77.0.${11 + index}`,
    }));
  }

  /** The script of a machine. */
  on(machine: string): ScriptedExecutor {
    return this.provider.machine(machine);
  }

  /** A context without cached facts. */
  context(overrides: Partial<StepContext> = {}): StepContext {
    const facts = factCache();
    return {
      lab: { name: 'demo', id: 'abc123' },
      provider: this.provider,
      host: new ScriptedExecutor('host', this.calls),
      clock: this.clock,
      templates: loadTemplates(),
      artifacts: {
        version: 'v1.36.2+k3s1',
        arch: 'amd64',
        state: 'cached',
        binary: { path: '/cache/k3s', sha256: 'b1'.repeat(32) },
        airgap: {
          path: '/cache/images.tar.zst',
          sha256: 'a1'.repeat(32),
          fileName: 'k3s-airgap-images-amd64.tar.zst',
        },
        extraImages: [],
        images: [],
      },
      images: {
        provisioner: 'example.test/lpp:1',
        helper: 'example.test/helper:1',
        smoke: 'example.test/smoke:1',
      },
      files: this.files,
      token: TOKEN,
      random: (bytes) => 'ab'.repeat(bytes),
      signal: this.abort.signal,
      say: (line) => this.said.push(line),
      machine: (name) => this.provider.machine(name),
      fact: (key, read) => facts.get(key, read),
      ...overrides,
    };
  }

  /** The words of every command of a machine so far. */
  ran(machine: string): readonly string[] {
    return this.calls.filter(({ where }) => where === machine).map(({ command }) => wordsOf(command));
  }

  /** The text last written to a file of a machine. */
  written(machine: string, path: string): string | undefined {
    return this.calls
      .filter(({ where, command }) => where === machine && isWriteOf(path, command.args))
      .at(-1)?.command.stdin;
  }
}

const isWriteOf = (path: string, args: readonly string[]): boolean =>
  args[2] === 'write_file' && args[3] === path;

/** Matches the script that writes files. */
export const WRITES = /^sh write_file /;
/** Matches the script that reads a file. */
export const reads = (path: string): RegExp => new RegExp(`^sh read_file ${path}$`);

/** The error that a promise rejects with; throws if it does not. Call it before time is moved. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => new Error(`it did not fail, but ended with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
