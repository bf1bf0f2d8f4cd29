import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { groupName } from '../../src/providers/nspawn/names.js';
import { labPaths, type LabPaths } from '../../src/providers/nspawn/paths.js';
import { findProcesses } from '../../src/providers/nspawn/process-state.js';
import type { Backend } from './backend.js';
import type { NspawnMaker } from './nspawn-maker.js';
import { asUbuntu } from './user.js';
import type { Record_, World } from './world.js';

const run = promisify(execFile);

/**
 * Instances as real machines: booted system containers of this host. What is needed for looking at them and for
 * commands in them is here, what makes them is loaded when it is needed: most calls are short ones.
 */
export class NspawnBackend implements Backend {
  private readonly paths: LabPaths;

  constructor(private readonly world: World) {
    this.paths = labPaths(world.path('nspawn'), world.lab.name);
  }

  prepare = async (): Promise<void> => (await this.maker()).prepare();
  lay = async (record: Record_): Promise<void> => (await this.maker()).lay(record);
  start = async (name: string): Promise<void> => (await this.maker()).provider.start(name);
  stop = async (name: string, force: boolean): Promise<void> =>
    (await this.maker()).provider.stop(name, { force });
  remove = async (name: string): Promise<void> => (await this.maker()).provider.remove(name);
  moveAddress = async (name: string): Promise<void> => (await this.maker()).moveAddress(name);

  async isUp(name: string): Promise<boolean> {
    return (await this.init(name)) !== undefined;
  }

  async isInitialised(name: string): Promise<boolean> {
    const root = `/proc/${(await this.init(name)) ?? 0}/root/var/lib/cloud/instances`;
    const instances = await readdir(root).catch(() => []);
    const marks = instances.map((id) => stat(join(root, id, 'boot-finished')));
    return Promise.any(marks).then(
      () => true,
      () => false,
    );
  }

  async addresses(name: string): Promise<readonly string[]> {
    const { record } = this.paths.machine(name);
    const { address } = JSON.parse(await readFile(record, 'utf8')) as { address: string };
    const pid = await this.init(name);
    if (pid === undefined) return [];
    const ip = ['ip', '-o', '-4', 'addr', 'show', 'scope', 'global'];
    const { stdout } = await run('nsenter', ['-t', String(pid), '-n', ...ip]);
    const all = stdout.split('\n').flatMap((line) => /inet ([\d.]+)\//.exec(line)?.[1] ?? []);
    return [address, ...all.filter((other) => other !== address)];
  }

  async spawn(name: string, words: readonly string[], terminal: boolean): Promise<ChildProcess> {
    const pid = await this.init(name);
    if (pid === undefined) throw new Error('no machine');
    const { words: command, env } = asUbuntu(words);
    const enter = ['-t', String(pid), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w'];
    // Detached: a client that is killed sends no signal to what it has started in the machine.
    return spawn(
      'nsenter',
      [...enter, '--', 'sh', '-c', 'cd "$HOME" 2>/dev/null; exec "$@"', 'sh', ...command],
      {
        stdio: terminal ? 'inherit' : ['pipe', 'inherit', 'inherit'],
        env: { ...env, LANG: 'C.UTF-8', ...(process.env['TERM'] && { TERM: process.env['TERM'] }) },
        detached: !terminal,
      },
    );
  }

  private async maker(): Promise<NspawnMaker> {
    return new (await import('./nspawn-maker.js')).NspawnMaker(this.world, this.paths);
  }

  private async init(name: string): Promise<number | undefined> {
    const group = groupName(this.world.lab, name);
    const systemd = await stat('/run/systemd/system').catch(() => undefined);
    const path = systemd === undefined ? group : `system.slice/${group}.service`;
    return (await findProcesses(this.paths.machine(name).boot, path)).init?.pid;
  }
}
