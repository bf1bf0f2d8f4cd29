import type { StepContext } from '../engine/context.js';
import { cmd } from '../exec/command.js';
import { readFile } from '../guest/files.js';
import { getObjects, nodeView, type KubeObject, type NodeView } from '../kube/kubectl.js';
import type { MachineInfo } from '../machines/provider.js';
import { kubernetesNodes, serverMachine, storageNodes } from '../config/roles.js';
import type { LabConfig } from '../config/config.js';
import { processes, volumes } from '../gluster/ask.js';
import type { Volume, VolumeProcess } from '../gluster/parse.js';
import { PATHS } from '../guest/layout.js';
import { awaitAll, mapPool } from '../util/pool.js';

/** The state of a lab; parts that do not answer are undefined. */
export interface Observed {
  readonly machines: readonly MachineInfo[];
  readonly volumes: readonly Volume[] | undefined;
  /** Processes by volume name. */
  readonly processes: Readonly<Record<string, readonly VolumeProcess[]>>;
  /** Mounted volumes, as `machine:path`. */
  readonly mounted: ReadonlySet<string>;
  readonly nodes: readonly NodeView[] | undefined;
  readonly classes: readonly KubeObject[] | undefined;
  /** Release of k3s that is installed on the server. */
  readonly release?: string | undefined;
}

/** Machines asked at the same time. */
const LIMIT = 8;

const maybe = <T>(read: Promise<T>): Promise<T | undefined> => read.catch(() => undefined);

const mountsOf = async (
  machine: string,
  paths: readonly string[],
  context: StepContext,
): Promise<readonly string[]> => {
  const result = await maybe(
    context
      .machine(machine)
      .exec(cmd('cat', '/proc/self/mounts'), { signal: context.signal, timeoutMs: 10_000 }),
  );
  return paths
    .filter((path) => result?.stdout.includes(` ${path} fuse.glusterfs `))
    .map((path) => `${machine}:${path}`);
};

/** The installed release: the first line of the stamp that the k3s step writes. */
const releaseOn = async (server: string, context: StepContext): Promise<string | undefined> =>
  (await readFile(context.machine(server), PATHS.k3sStamp, { signal: context.signal }))?.split('\n')[0];

/** Reads the state of everything that runs; does not fail if a part of the lab is down. */
export const observe = async (config: LabConfig, context: StepContext): Promise<Observed> => {
  const machines = await context.provider.list({ signal: context.signal });
  const runs = (machine: string): boolean =>
    machines.some(({ name, state }) => name === machine && state === 'running');
  const asked = storageNodes(config).find(({ machine }) => runs(machine))?.machine;
  const server = serverMachine(config);
  const names = config.volumes.map(({ name }) => name);
  const paths = config.volumes.map(({ mount }) => mount);
  const living = kubernetesNodes(config)
    .map(({ machine }) => machine)
    .filter(runs);
  const [found, status, mounted, nodes, classes, release] = await awaitAll([
    asked === undefined ? undefined : maybe(volumes(context, asked)),
    mapPool(
      names,
      LIMIT,
      async (name) => [name, (asked && (await maybe(processes(context, asked, name)))) || []] as const,
    ),
    mapPool(living, LIMIT, (machine) => mountsOf(machine, paths, context)),
    runs(server) ? maybe(getObjects(context, server, 'nodes')) : undefined,
    runs(server) ? maybe(getObjects(context, server, 'storageclasses')) : undefined,
    runs(server) ? maybe(releaseOn(server, context)) : undefined,
  ]);
  return {
    machines,
    volumes: found,
    processes: Object.fromEntries(status),
    mounted: new Set(mounted.flat()),
    nodes: nodes?.map(nodeView),
    classes,
    release,
  };
};
