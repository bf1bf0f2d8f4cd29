import { basename } from 'node:path';
import { brickFolders } from '../plan/plan-rebuild.js';
import { CliError } from '../errors/cli-error.js';
import { KEPT_DATA, type MachineInfo, type MachineProvider, type Trace } from '../providers/provider.js';
import { quiesce } from '../stages/quiesce.js';
import { removeEmpty } from '../state/dirs.js';
import type { LabRecord } from '../state/lab-store.js';
import { mapPool } from '../util/pool.js';
import { hostMounts } from '../volumes/host-mount.js';
import { detachHostMounts, mountPlace } from './host-mounts.js';
import { contextIn, findContexts, forgetContext } from './user-kubeconfig.js';
import type { World } from './world.js';

/** What `down` is about to remove. */
export interface Removal {
  readonly record: LabRecord;
  readonly machines: readonly MachineInfo[];
  readonly provider: MachineProvider;
  /** Everything of the lab that is there. */
  readonly before: readonly Trace[];
}

/** Something that is left, and why, as far as that is known. */
export interface Remainder extends Trace {
  readonly why: string;
}

/** What a lab had, and what is left of it. */
export interface Certificate {
  readonly lab: string;
  readonly id: string;
  readonly machines: readonly string[];
  readonly before: readonly Trace[];
  readonly left: readonly Remainder[];
  /** What may be left, but cannot be told; the lab counts as gone all the same. */
  readonly unsure: readonly Remainder[];
  /** Content of bricks that was asked to be kept: of which machine, and where it is. */
  readonly kept: readonly { readonly machine: string; readonly path: string }[];
}

const CONTEXT = 'kubeconfig context';

const tracesOf = async (
  { name }: LabRecord,
  provider: MachineProvider,
  world: World,
): Promise<readonly Trace[]> => {
  const machines = await provider.list({ signal: world.signal });
  const { files } = await findContexts(name, world);
  const mounts = await hostMounts(mountPlace(world, name));
  return [
    ...mounts.map(({ path }) => ({ kind: 'host mount', what: path })),
    ...machines.map((machine) => ({ kind: 'machine', what: machine.name })),
    ...((await provider.traces?.({ signal: world.signal })) ?? []).filter(({ kind }) => kind !== KEPT_DATA),
    ...files.map((path) => ({ kind: CONTEXT, what: contextIn(name, path) })),
  ];
};

/** Where bricks are kept, now or since an earlier run: nothing is left over there, but the user is told. */
const keptBy = async (provider: MachineProvider, world: World): Promise<Certificate['kept']> =>
  ((await provider.traces?.({ signal: world.signal })) ?? [])
    .filter(({ kind }) => kind === KEPT_DATA)
    .map(({ what }) => ({ machine: basename(what), path: what }));

/** Looks at what belongs to the lab; changes nothing. */
export const planRemoval = async (record: LabRecord, world: World): Promise<Removal> => {
  const provider = world.provider({ id: record.provider, lab: record, config: record.config });
  const machines = await provider.list({ signal: world.signal });
  const folder = { kind: 'directory', what: world.store.dir(record.name) };
  return { record, provider, machines, before: [...(await tracesOf(record, provider, world)), folder] };
};

/** Machines removed at the same time. */
const LIMIT = 4;

/** Failures by machine, or by what else was to go; '' stands for the network and what else machines stand on. */
type Failures = Map<string, string>;

const attempt = async (
  failures: Failures,
  who: string,
  world: World,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    world.signal.throwIfAborted();
    failures.set(who, error instanceof Error ? error.message : String(error));
  }
};

/** Takes the bricks of a machine out before it is removed. It is shut down in order if it can be. */
const keepData = async (
  { name, state }: MachineInfo,
  { record, provider }: Removal,
  world: World,
): Promise<string> => {
  const { signal } = world;
  const node = record.config.nodes.find(({ machine }) => machine === name);
  if (state === 'running') {
    await quiesce(name, { machine: (other) => provider.machine(other), signal });
    await provider.stop(name, { signal }).catch(() => signal.throwIfAborted());
  }
  await provider.stop(name, { signal, force: true });
  return (
    (await provider.keepFolders?.(name, ['/var/lib/glusterd', ...brickFolders(record.config, node)], {
      signal,
    })) ?? ''
  );
};

const assertKeeps = ({ provider }: Removal): void => {
  if (provider.keepFolders !== undefined) return;
  throw new CliError('USAGE', `The ${provider.id} provider cannot keep data without its machines.`, {
    hint: 'Copy it out first (kglab exec), or rebuild only Kubernetes: kglab rebuild --k3s-only',
  });
};

/** Takes the lab out of all kubeconfigs of this user; says, and returns, in which it may still be. */
const forgetContexts = async (
  lab: string,
  failures: Failures,
  world: World,
): Promise<Certificate['unsure']> => {
  const { files, unsure } = await findContexts(lab, world);
  for (const path of files)
    await attempt(failures, contextIn(lab, path), world, () => forgetContext(lab, path));
  for (const { what, why } of unsure) world.say(`${CONTEXT} ${what}: ${why}`);
  return unsure.map((trace) => ({ kind: CONTEXT, ...trace }));
};

/**
 * Removes the machines, then what they stood on, then the record; the record last, so that an interrupted `down` is
 * simply repeated. Machines are removed whole: no unmount that could hang on a dead volume is needed. What fails does
 * not keep the rest from being removed; it is in the certificate.
 */
export const down = async (
  removal: Removal,
  world: World,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<Certificate> => {
  const { record, machines, provider, before } = removal;
  const { signal } = world;
  if (keep) assertKeeps(removal);
  const failures: Failures = new Map();
  const kept: { machine: string; path: string }[] = [];
  await attempt(failures, 'host mount', world, () => detachHostMounts(record.name, world));
  await mapPool(machines, LIMIT, (machine) =>
    attempt(failures, machine.name, world, async () => {
      world.say(`removing ${machine.name}`);
      if (keep) kept.push({ machine: machine.name, path: await keepData(machine, removal, world) });
      await provider.remove(machine.name, { signal });
    }),
  );
  if (!machines.some(({ name }) => failures.has(name)))
    await attempt(failures, '', world, () => provider.cleanup({ signal, onLine: (line) => world.say(line) }));
  const unsure = await forgetContexts(record.name, failures, world);
  const left = explained(await tracesOf(record, provider, world), failures, record.name);
  if (left.length === 0) {
    await world.store.remove(record.name);
    await removeEmpty(world.dirs);
  }
  for (const found of await keptBy(provider, world))
    if (!kept.some(({ path }) => path === found.path)) kept.push(found);
  const { name: lab, id } = record;
  return { lab, id, machines: machines.map(({ name }) => name), before, left, unsure, kept };
};

const why = ({ kind, what }: Trace, failures: Failures): string => {
  const own = [...failures].find(([who]) => who !== '' && (who === kind || what.includes(who)))?.[1];
  return (
    own ?? failures.get('') ?? [...failures.values()][0] ?? 'it came back, or belongs to another process'
  );
};

/** What is left, and why. What could not be done counts even where nothing is seen of it: it may still be on its way. */
const explained = (traces: readonly Trace[], failures: Failures, lab: string): readonly Remainder[] => {
  const seen = traces.map((trace) => ({ ...trace, why: why(trace, failures) }));
  const unseen = [...failures]
    .filter(([, reason]) => !seen.some((remainder) => remainder.why === reason))
    .map(([who, reason]) => ({ kind: 'lab', what: who || lab, why: reason }));
  return [...seen, ...unseen];
};
