import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { systemClock } from '../../../src/util/clock.js';
import { waitFor } from '../../../src/util/wait.js';
import { assertNoChange, type Summary } from '../../helpers/summary.js';
import { cacheHome } from './cache-home.js';

const root = resolve(import.meta.dirname, '../../..');

/** The kglab under test: the build, unless another one is named. */
const main = process.env['KGLAB_TEST_MAIN'] ?? join(root, 'dist/main.js');

/** Whether machines can be created here; otherwise the suites are skipped, and their names say so. */
export const isRoot = process.getuid?.() === 0;

/** Longer than every period inside a lab: an index heal runs every 60 s, a helper pod times out after 120 s. */
const UNTIL_MS = 300_000;

/** The result of one kglab process. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A lab of a test: the built kglab with its own folders and a random lab name. */
export class TestLab {
  readonly name = `t${randomBytes(3).toString('hex')}`;
  /** Processes that a test which timed out may have left running, with a promise of their end. */
  private readonly running = new Map<{ kill(signal: 'SIGKILL'): unknown }, Promise<unknown>>();

  private constructor(readonly dir: string) {}

  /** Creates the folders and a lab file: three nodes without internet, changed by `yaml`. */
  static async make(yaml = ''): Promise<TestLab> {
    const lab = new TestLab(await mkdtemp(join(tmpdir(), 'kglab-e2e-')));
    await lab.write(yaml);
    return lab;
  }

  /** Replaces the lab file. */
  write(yaml: string): Promise<void> {
    return writeFile(
      join(this.dir, 'lab.yaml'),
      `name: ${this.name}\nprovider: nspawn\nnetwork: {internet: off}\n${yaml}`,
    );
  }

  machine(node: string): string {
    return `${this.name}-${node}`;
  }

  get env(): Record<string, string> {
    return {
      XDG_CACHE_HOME: cacheHome,
      XDG_STATE_HOME: join(this.dir, 'state'),
      KGLAB_MACHINES_DIR: join(this.dir, 'machines'),
      KUBECONFIG: join(this.dir, 'own-kubeconfig'),
    };
  }

  /** The command line of kglab. */
  command(...args: string[]): [string, ...string[]] {
    return ['node', main, ...args];
  }

  /** Runs kglab in the lab's folder. Never throws for a failed command. */
  async run(...args: string[]): Promise<Ran> {
    const options = { cwd: this.dir, env: this.env, reject: false, stdin: 'ignore' } as const;
    const child = execa('node', [main, ...args], options);
    const { exitCode, stdout, stderr, durationMs } = await this.watch(child, child);
    return { exitCode: exitCode ?? -1, stdout, stderr, durationMs };
  }

  /** Ends a process when the lab is destroyed, at the latest; resolves to the result of `ended`. */
  async watch<T>(child: { kill(signal: 'SIGKILL'): unknown }, ended: Promise<T>): Promise<T> {
    this.running.set(child, ended);
    try {
      return await ended;
    } finally {
      this.running.delete(child);
    }
  }

  /** Runs kglab and returns its standard output; throws with its whole output when it fails. */
  async ok(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode === 0) return stdout;
    throw new Error(`kglab ${args.join(' ')} ended with ${exitCode}\n${stdout}\n${stderr}`);
  }

  /** `kglab up` has nothing to do. */
  async whole(): Promise<void> {
    assertNoChange(await this.json<Summary>('up'));
  }

  /** As {@link ok}, with `-o json`, parsed. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, '-o', 'json')) as T;
  }

  /** Runs a shell line on a node, as root. */
  sh(node: string, script: string): Promise<string> {
    return this.ok('exec', node, '--', 'sh', '-c', script);
  }

  kubectl(...args: string[]): Promise<string> {
    return this.ok('kubectl', '--', ...args);
  }

  /** Waits until `look` returns something, and returns that; when it throws, it is tried again. */
  async found<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = UNTIL_MS): Promise<T> {
    const found = await waitFor(() => look().catch(() => undefined), {
      clock: systemClock,
      timeoutMs,
      everyMs: 500,
    });
    if (found === undefined) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    return found;
  }

  /** Waits until `look` returns true; when it throws, it is tried again. */
  async until(what: string, look: () => Promise<boolean>, timeoutMs?: number): Promise<void> {
    await this.found(what, async () => (await look()) || undefined, timeoutMs);
  }

  /**
   * Waits until gv0 has no pending heals, twice in a row: after an outage, a client that is not yet connected to one
   * brick adds a pending heal with each write, and `up` has something to do until it is healed.
   */
  async healed(): Promise<void> {
    let quiet = 0;
    const look = async (): Promise<boolean> => {
      const text = await this.sh('node1', 'gluster volume heal gv0 info').catch(() => '');
      const bricks = text.match(/^Brick /gm)?.length ?? 0;
      const clean = text.match(/^Number of entries: 0$/gm)?.length ?? 0;
      quiet = bricks > 0 && bricks === clean ? quiet + 1 : 0;
      return quiet === 2;
    };
    await this.until('nothing left to heal', look);
  }

  /** Removes the lab in whatever state it is, and its folders. Throws when something of it is left. */
  async destroy(): Promise<void> {
    for (const child of this.running.keys()) child.kill('SIGKILL');
    await Promise.allSettled(this.running.values());
    const { exitCode, stdout, stderr } = await this.run('down', '--yes');
    if (exitCode !== 0) throw new Error(`down ended with ${exitCode}; see ${this.dir}\n${stdout}\n${stderr}`);
    await rm(this.dir, { recursive: true, force: true });
  }
}
