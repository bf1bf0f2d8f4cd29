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

/** Whether machines can be made here; the suites say so in their names when they are skipped. */
export const isRoot = process.getuid?.() === 0;

/** Longer than all that is bounded by itself: an index heal crawls every 60 s, a helper pod is given up after 120 s. */
const UNTIL_MS = 300_000;

/** What one call of kglab did. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A lab of a test: the built kglab with folders of its own and a random lab name. */
export class TestLab {
  readonly name = `t${randomBytes(3).toString('hex')}`;
  /** What a test that ran out of time may have left running, and its end. */
  private readonly running = new Map<{ kill(signal: 'SIGKILL'): unknown }, Promise<unknown>>();

  private constructor(readonly dir: string) {}

  /** Makes the folders and a lab file; `yaml` says what differs from a lab of three nodes off the internet. */
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

  /** The words of a kglab command. */
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

  /** Has a process end with the lab at the latest; resolves to what `ended` does. */
  async watch<T>(child: { kill(signal: 'SIGKILL'): unknown }, ended: Promise<T>): Promise<T> {
    this.running.set(child, ended);
    try {
      return await ended;
    } finally {
      this.running.delete(child);
    }
  }

  /** Runs kglab and returns its standard output; throws with all that it printed when it fails. */
  async ok(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode === 0) return stdout;
    throw new Error(`kglab ${args.join(' ')} ended with ${exitCode}\n${stdout}\n${stderr}`);
  }

  /** `kglab up` has nothing to do. */
  async whole(): Promise<void> {
    assertNoChange(await this.json<Summary>('up'));
  }

  /** As {@link ok}, for commands that answer in JSON. */
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

  /** Waits until `look` finds something, and returns that; a look that throws counts as not yet. */
  async found<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = UNTIL_MS): Promise<T> {
    const found = await waitFor(() => look().catch(() => undefined), {
      clock: systemClock,
      timeoutMs,
      everyMs: 500,
    });
    if (found === undefined) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    return found;
  }

  /** Waits until `look` is true; a look that throws counts as not yet. */
  async until(what: string, look: () => Promise<boolean>, timeoutMs?: number): Promise<void> {
    await this.found(what, async () => (await look()) || undefined, timeoutMs);
  }

  /**
   * Waits until no brick of gv0 has anything to heal, twice in a row: after an outage, a write whose client still lacks
   * one brick adds an entry late, and until it is healed `up` has something to do.
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

  /** Takes the lab down whatever state it is in, and removes its folders. Throws when something of it is left. */
  async destroy(): Promise<void> {
    for (const child of this.running.keys()) child.kill('SIGKILL');
    await Promise.allSettled(this.running.values());
    const { exitCode, stdout, stderr } = await this.run('down', '--yes');
    if (exitCode !== 0) throw new Error(`down ended with ${exitCode}; see ${this.dir}\n${stdout}\n${stderr}`);
    await rm(this.dir, { recursive: true, force: true });
  }
}
