import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';
import { KEPT_DATA, type LabRef, type Trace } from '../../machines/provider.js';
import { groupPath, hasSystemd } from './boot.js';
import { groupPids, readCgroupLayout, type CgroupLayout } from './cgroup.js';
import { parseLinks } from './ip-json.js';
import { bridgeName, groupName, ownerMark, tableName, vethName } from './names.js';
import { mountsBelow } from './overlay.js';
import { keptFolders } from './kept-folders.js';
import type { LabPaths } from './paths.js';
import { awaitAll } from '../../util/pool.js';

export interface TracesInput {
  readonly lab: LabRef;
  readonly paths: LabPaths;
  /** Every machine that the lab has or had. */
  readonly machines: readonly string[];
  /** Folders of machines whose removal was interrupted. */
  readonly gone: readonly string[];
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const commOf = async (pid: number): Promise<string> =>
  (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();

const groupTraces = async (layout: CgroupLayout, machine: string, group: string): Promise<Trace[]> => {
  const found: Trace[] = [];
  for (const pid of await groupPids(layout, group)) {
    const comm = await commOf(pid);
    if (comm !== '') found.push({ kind: 'process', what: `${pid} ${comm} (${machine})` });
  }
  for (const { root } of layout.trees)
    if (await exists(join(root, group))) found.push({ kind: 'control group', what: join(root, group) });
  return found;
};

const linkTraces = async (host: Executor, input: TracesInput, options: ExecOptions): Promise<Trace[]> => {
  const { lab, machines } = input;
  const { stdout } = await host.exec(cmd('ip', '-j', '-d', 'addr', 'show'), options);
  const own = new Set([bridgeName(lab), ...machines.map((machine) => vethName(lab, machine))]);
  return parseLinks(stdout)
    .filter(({ name, alias }) => own.has(name) || alias === ownerMark(lab))
    .map(({ name }) => ({ kind: 'network interface', what: name }));
};

const ruleTraces = async (host: Executor, lab: LabRef, options: ExecOptions): Promise<Trace[]> => {
  const [tables, rules] = await awaitAll([
    host.exec(cmd('nft', 'list', 'tables'), options),
    host.exec(cmd('iptables', '-w', '-S', 'FORWARD'), options),
  ]);
  const lines = [
    ...tables.stdout.split('\n').filter((line) => line.split(' ')[2] === tableName(lab)),
    ...rules.stdout.split('\n').filter((line) => line.includes(ownerMark(lab))),
  ];
  return lines.map((line) => ({ kind: 'packet rules', what: line.trim() }));
};

/** Everything that the lab has on the host, found by names that derive from the lab's. */
export const findTraces = async (
  host: Executor,
  input: TracesInput,
  options: ExecOptions,
): Promise<readonly Trace[]> => {
  const { lab, paths, machines, gone } = input;
  const [layout, systemd] = [await readCgroupLayout(), await hasSystemd()];
  const groups: Trace[] = [];
  for (const machine of machines)
    groups.push(...(await groupTraces(layout, machine, groupPath(groupName(lab, machine), systemd))));
  const mounts = mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), paths.dir);
  return [
    ...groups,
    ...mounts.map((what) => ({ kind: 'mount', what })),
    ...(await linkTraces(host, input, options)),
    ...(await ruleTraces(host, lab, options)),
    ...(await keptFolders(paths)).map(({ path, whole }) => ({
      kind: whole ? KEPT_DATA : 'directory',
      what: path,
    })),
    ...gone.map((what) => ({ kind: 'directory', what })),
    ...((await exists(paths.dir)) ? [{ kind: 'directory', what: paths.dir }] : []),
  ];
};
