import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The control groups of the host: one hierarchy (v2), or one for each controller (v1, hybrid). */
export interface CgroupLayout {
  readonly unified: boolean;
  /** Mount point of each hierarchy, with its v1 controllers (none for v2 and for systemd's own). */
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

/** Resource limits of a machine. */
export interface Limits {
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** The period of the CPU quota in microseconds: the kernel's default. */
const PERIOD_US = 100_000;
const MIB = 1024 * 1024;

/** The files that set the limits of a group, by hierarchy. */
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

/** Reads the layout of this host. */
export const readCgroupLayout = async (): Promise<CgroupLayout> =>
  parseCgroupLayout(await readFile('/proc/self/mountinfo', 'utf8'));

/** A v1 cpuset accepts processes only after it has CPUs and memory nodes. */
const fillCpuset = async (root: string, group: string): Promise<void> => {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(root, group, file), await readFile(join(root, file), 'utf8'));
  }
};

/** In v2 a child has only the controllers that its parent enables; some cannot be enabled, which is no error. */
const enableControllers = async (root: string): Promise<void> => {
  const controllers = (await readFile(join(root, 'cgroup.controllers'), 'utf8'))
    .trim()
    .split(' ')
    .filter(Boolean);
  for (const name of controllers) {
    await writeFile(join(root, 'cgroup.subtree_control'), `+${name}`).catch(() => undefined);
  }
};

/** Creates a group with limits in every hierarchy. Returns the files to which a process id is written to join. */
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

/** The group's folder and all below it, innermost first; empty when it does not exist. */
const foldersOf = async (dir: string): Promise<readonly string[]> => {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const inner: string[] = [];
  for (const entry of entries)
    if (entry.isDirectory()) inner.push(...(await foldersOf(join(dir, entry.name))));
  return [...inner, dir];
};

/** Ids of all processes in a group, in any hierarchy. */
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

/** Thaws the processes of a group: in a frozen v1 group, even SIGKILL has no effect. */
export const thawGroup = async ({ trees }: CgroupLayout, group: string): Promise<void> => {
  for (const { root } of trees.filter(({ controllers }) => controllers.includes('freezer')))
    for (const dir of await foldersOf(join(root, group)))
      await writeFile(join(dir, 'freezer.state'), 'THAWED').catch(() => undefined);
};

/** Removes a group from every hierarchy; returns false when something still runs in it. */
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
