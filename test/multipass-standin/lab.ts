import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { cacheHome } from '../e2e/support/cache-home.js';
import { assertNoChange, type Summary } from '../helpers/summary.js';
import type { Fault } from './faults.js';
import { writeJson } from './files.js';
import { NspawnMaker } from './nspawn-maker.js';
import { labPaths } from '../../src/providers/nspawn/paths.js';
import { World, type Record_ } from './world.js';

const main = process.env['KGLAB_TEST_MAIN'] ?? resolve(import.meta.dirname, '../../dist/main.js');

/** What a program did. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A daemon of the stand-in with a lab on it, in folders of their own. */
export class StandinLab {
  readonly name = `m${randomBytes(3).toString('hex')}`;
  /** FAKE_VERSION of the calls to come. */
  profile = '1.16.3';

  private constructor(
    private readonly bin: string,
    readonly dir: string,
  ) {}

  /** Makes the folders and a lab file with `yaml` as its rest. `bin` is the folder of the bundled stand-in. */
  static async make(bin: string, yaml = ''): Promise<StandinLab> {
    const lab = new StandinLab(bin, await mkdtemp(join(tmpdir(), 'kglab-mp-')));
    await lab.write(yaml);
    return lab;
  }

  write(yaml: string): Promise<void> {
    return writeFile(join(this.dir, 'lab.yaml'), `name: ${this.name}\nprovider: multipass\n${yaml}`);
  }

  machine(node: string): string {
    return `${this.name}-${node}`;
  }

  get env(): Record<string, string> {
    return {
      PATH: `${this.bin}:${process.env['PATH'] ?? ''}`,
      XDG_CACHE_HOME: cacheHome,
      XDG_STATE_HOME: join(this.dir, 'state'),
      KUBECONFIG: join(this.dir, 'own-kubeconfig'),
      FAKE_VERSION: this.profile,
      MULTIPASS_STANDIN_STATE: join(this.dir, 'daemon'),
      MULTIPASS_STANDIN_SNAP: '1',
    };
  }

  /** Runs kglab in the lab's folder. Never throws for a failed command. */
  run(...args: string[]): Promise<Ran> {
    return this.spawn(process.execPath, [main, ...args]);
  }

  /** Starts kglab, to be interrupted. */
  start(...args: string[]): { interrupt(): void; readonly ended: Promise<number | null> } {
    const env = { ...process.env, ...this.env };
    const child = spawn(process.execPath, [main, ...args], { cwd: this.dir, env, stdio: 'ignore' });
    const ended = new Promise<number | null>((done) => child.once('close', done));
    return { interrupt: () => void child.kill('SIGTERM'), ended };
  }

  /** Runs kglab and returns its standard output; throws with all that it printed when it fails. */
  async ok(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0)
      throw new Error(`kglab ${args.join(' ')} ended with ${exitCode}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async up(...args: string[]): Promise<Summary> {
    return JSON.parse(await this.ok('up', '-o', 'json', '--progress', 'lines', ...args)) as Summary;
  }

  /** `kglab up` has nothing to do. */
  async whole(): Promise<void> {
    assertNoChange(await this.up());
  }

  /** What the daemon's jobs are at. */
  async phases(): Promise<readonly string[]> {
    const jobs = join(this.dir, 'daemon/jobs');
    const files = (await readdir(jobs).catch(() => [])).filter((file) => file.endsWith('.progress.json'));
    return Promise.all(files.map((file) => readFile(join(jobs, file), 'utf8')));
  }

  /** Runs a shell line on a node, as root. */
  sh(node: string, script: string): Promise<string> {
    return this.ok('exec', node, '--', 'sh', '-c', script);
  }

  /** Runs the stand-in as a person would, in their home; such calls are not in {@link calls}. */
  multipass(...args: string[]): Promise<Ran> {
    const env = { ...this.env, MULTIPASS_STANDIN_PERSON: '1' };
    return this.spawn(join(this.bin, 'multipass'), args, { cwd: process.env['HOME'] ?? '/root', env });
  }

  /** Makes something go wrong from now on. */
  fault(...faults: Fault[]): void {
    writeJson(join(this.dir, 'daemon/faults.json'), faults);
  }

  /** Puts the image of the lab's machines into the daemon's store: whoever fetches it has it. */
  deliverImage(): void {
    writeJson(join(this.dir, 'daemon/images/24.04'), true);
  }

  /** Every command line that the stand-in was called with. */
  async calls(): Promise<readonly (readonly string[])[]> {
    const text = await readFile(join(this.dir, 'daemon/calls.log'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as string[]);
  }

  /** What the daemon has. */
  records(): readonly Record_[] {
    return this.world().all();
  }

  /** Folder of an instance's own files on this host. */
  disk(name: string): string {
    const { dir, lab } = this.world();
    return labPaths(join(dir, 'nspawn'), lab.name).machine(name).upper;
  }

  /** Takes the lab down, then the daemon with all that is left on it, and removes the folders. */
  async destroy(): Promise<void> {
    await rm(join(this.dir, 'daemon/faults.json'), { force: true });
    this.deliverImage();
    await this.run('down', '--yes');
    const world = this.world();
    const paths = labPaths(world.path('nspawn'), world.lab.name);
    await new NspawnMaker(world, paths).dismantle();
    await rm(this.dir, { recursive: true, force: true });
  }

  private world(): World {
    return new World(join(this.dir, 'daemon'), { ...process.env, ...this.env });
  }

  private async spawn(
    file: string,
    args: readonly string[],
    where: { readonly cwd: string; readonly env: Record<string, string> } = { cwd: this.dir, env: this.env },
  ): Promise<Ran> {
    const options = { ...where, reject: false, stdin: 'ignore' } as const;
    const { exitCode, stdout, stderr, durationMs } = await execa(file, args, options);
    return { exitCode: exitCode ?? -1, stdout, stderr, durationMs };
  }
}
