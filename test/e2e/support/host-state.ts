import { readdir, readFile } from 'node:fs/promises';
import { cmd, type Executor } from '../../../src/exec/command.js';
import { systemClock } from '../../../src/util/clock.js';
import { waitFor } from '../../../src/util/wait.js';

/** Everything on the host that a lab could leave behind. */
export interface HostState {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly groups: readonly string[];
  readonly tables: readonly string[];
}

/** The host's state when nothing of a lab is left. */
export const NOTHING: HostState = { processes: [], mounts: [], links: [], groups: [], tables: [] };

const processes = async (): Promise<string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = pids.map(async (pid) => {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text.replaceAll('\0', ' ');
  });
  return (await Promise.all(lines)).filter((line) => line.includes('systemd-nspawn'));
};

const groups = async (): Promise<string[]> => {
  const trees = await readdir('/sys/fs/cgroup', { withFileTypes: true });
  const found = trees
    .filter((tree) => tree.isDirectory())
    .map(async ({ name }) => {
      const children = await readdir(`/sys/fs/cgroup/${name}`);
      const below = children.filter((child) => child.startsWith('kglab-')).map((child) => `${name}/${child}`);
      // With cgroup v2 there is one tree, and the group of a machine may be at its top.
      return name.startsWith('kglab-') ? [name, ...below] : below;
    });
  return (await Promise.all(found)).flat();
};

/** What is on the host whose path or name contains `mine`. */
export const hostState = async (host: Executor, mine: readonly string[]): Promise<HostState> => {
  const isMine = (line: string): boolean => mine.some((part) => line.includes(part));
  const lines = async (...words: [string, ...string[]]): Promise<string[]> => {
    const { exitCode, stdout, stderr } = await host.exec(cmd(...words));
    // A command that failed must not count as one that found nothing.
    if (exitCode !== 0) throw new Error(`${words.join(' ')} ended with ${exitCode}: ${stderr}`);
    return stdout.split('\n').filter(isMine);
  };
  return {
    processes: (await processes()).filter(isMine),
    mounts: (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter(isMine),
    links: await lines('ip', '-o', 'link', 'show'),
    groups: (await groups()).filter(isMine),
    tables: await lines('nft', 'list', 'tables'),
  };
};

/** How long the shell that restarts a rebooting machine may run after its machine is gone. */
const KEEPER_MS = 10_000;

/** As {@link hostState}, after `down`: waits a moment for processes to end. */
export const hostLeft = async (host: Executor, mine: readonly string[]): Promise<HostState> => {
  const ended = async () => ((await hostState(host, mine)).processes.length === 0 ? true : undefined);
  await waitFor(ended, { clock: systemClock, timeoutMs: KEEPER_MS, everyMs: 100 });
  return hostState(host, mine);
};
