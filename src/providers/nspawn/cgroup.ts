import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How the host has its control groups: one tree (v2), or one for each controller (v1, hybrid). */
export interface CgroupLayout {
  readonly unified: boolean;
  /** Mount point of each tree, with the v1 controllers in it (none for v2 and for systemd's own). */
  readonly trees: readonly { readonly root: string; readonly controllers: readonly string[] }[];
}

const V1_CONTROLLERS = new Set([
  ...['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'],
  ...['net_cls', 'net_prio', 'perf_event', 'hugetlb', 'rdma', 'misc'],
]);

/** Reads /proc/self/mountinfo. */
export const parseCgroupLayout = (mountinfo: string): CgroupLayout => {
  const trees = mountinfo.split('\n').flatMap((line) => {
    const [mount, superblock] = line.split(' - ');
    const root = mount?.split(' ')[4];
    const [type, , options = ''] = superblock?.split(' ') ?? [];
    if (root === undefined || !root.startsWith('/sys/fs/cgroup')) return [];
    if (type === 'cgroup2') return [{ root, controllers: [] }];
    if (type !== 'cgroup') return [];
    return [{ root, controllers: options.split(',').filter((option) => V1_CONTROLLERS.has(option)) }];
  });
  return { unified: trees.length === 1 && trees[0]?.root === '/sys/fs/cgroup', trees };
};

/** What a machine may use. */
export interface Limits {
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** The period of the CPU quota in microseconds: the kernel's default. */
const PERIOD_US = 100_000;
const MIB = 1024 * 1024;

/** The files of a group that hold its limits: in which tree, and what to write. */
export const limitFiles = (
  { unified, trees }: CgroupLayout,
  { cpus, memoryMiB }: Limits,
): readonly { readonly root: string; readonly file: string; readonly value: string }[] => {
  const bytes = String(memoryMiB * MIB);
  const quota = String(Math.round(cpus * PERIOD_US));
  return trees.flatMap(({ root, controllers }) => [
    ...(unified ? [{ root, file: 'memory.max', value: bytes }] : []),
    ...(unified ? [{ root, file: 'cpu.max', value: `${quota} ${PERIOD_US}` }] : []),
    ...(controllers.includes('memory') ? [{ root, file: 'memory.limit_in_bytes', value: bytes }] : []),
    ...(controllers.includes('cpu') ? [{ root, file: 'cpu.cfs_quota_us', value: quota }] : []),
  ]);
};

/** Reads how this host has its control groups. */
export const readCgroupLayout = async (): Promise<CgroupLayout> =>
  parseCgroupLayout(await readFile('/proc/self/mountinfo', 'utf8'));

/** cpuset of v1 takes no process before it has CPUs and memory nodes. */
const fillCpuset = async (root: string, group: string): Promise<void> => {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(root, group, file), await readFile(join(root, file), 'utf8'));
  }
};

/** v2 gives a child only the controllers that its parent hands down; one that it cannot is no reason to fail. */
const enableControllers = async (root: string): Promise<void> => {
  const controllers = (await readFile(join(root, 'cgroup.controllers'), 'utf8'))
    .trim()
    .split(' ')
    .filter(Boolean);
  for (const name of controllers) {
    await writeFile(join(root, 'cgroup.subtree_control'), `+${name}`).catch(() => undefined);
  }
};

/** Makes a group in every tree, with limits, and returns the files to write a process id into to join it. */
export const makeGroups = async (
  layout: CgroupLayout,
  group: string,
  limits: Limits,
): Promise<readonly string[]> => {
  for (const { root, controllers } of layout.trees) {
    if (layout.unified) await enableControllers(root);
    await mkdir(join(root, group), { recursive: true });
    if (controllers.includes('cpuset')) await fillCpuset(root, group);
  }
  for (const { root, file, value } of limitFiles(layout, limits))
    await writeFile(join(root, group, file), value);
  return layout.trees.map(({ root }) => join(root, group, 'cgroup.procs'));
};

/** The group's folder and all below it, innermost first; none when it does not exist. */
const foldersOf = async (dir: string): Promise<readonly string[]> => {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const inner: string[] = [];
  for (const entry of entries)
    if (entry.isDirectory()) inner.push(...(await foldersOf(join(dir, entry.name))));
  return [...inner, dir];
};

/** Ids of all processes in a group, in any tree. */
export const groupPids = async ({ trees }: CgroupLayout, group: string): Promise<readonly number[]> => {
  const pids = new Set<number>();
  for (const { root } of trees) {
    for (const dir of await foldersOf(join(root, group))) {
      const text = await readFile(join(dir, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const line of text.split('\n').filter(Boolean)) pids.add(Number(line));
    }
  }
  return [...pids];
};

/** Lets frozen processes of a group run: those of a v1 freezer do not even die. */
export const thawGroup = async ({ trees }: CgroupLayout, group: string): Promise<void> => {
  for (const { root } of trees.filter(({ controllers }) => controllers.includes('freezer')))
    for (const dir of await foldersOf(join(root, group)))
      await writeFile(join(dir, 'freezer.state'), 'THAWED').catch(() => undefined);
};

/** Removes a group from every tree; false when something still runs in it. */
export const removeGroups = async ({ trees }: CgroupLayout, group: string): Promise<boolean> => {
  let gone = true;
  for (const { root } of trees) {
    for (const dir of await foldersOf(join(root, group))) {
      await rmdir(dir).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') gone = false;
      });
    }
  }
  return gone;
};
