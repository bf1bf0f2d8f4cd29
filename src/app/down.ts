import { basename } from 'node:path';
import { brickFolders } from '../recipe/rebuild.js';
import { KEPT_DATA, type MachineInfo, type Trace } from '../machines/provider.js';
import { quiesce } from '../kube/quiesce.js';
import { removeEmpty } from '../util/dirs.js';
import type { Lab } from '../lab/lab.js';
import { mapPool } from '../util/pool.js';
import { detachHostMount, labMounts } from './host-mounts.js';
import { assertKeepsData } from './rebuild.js';
import { contextIn, findContexts, forgetContext } from './user-kubeconfig.js';

/** What `down` will remove. */
export interface Removal {
  readonly lab: Lab;
  readonly machines: readonly MachineInfo[];
  /** Everything that exists of the lab. */
  readonly before: readonly Trace[];
}

/** Something that is left, and why if known. */
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
  /** What may be left; the lab counts as removed all the same. */
  readonly unsure: readonly Remainder[];
  /** Kept data: of which machine, and where it is. */
  readonly kept: readonly { readonly machine: string; readonly path: string }[];
}

const CONTEXT = 'kubeconfig context';

const tracesOf = async (lab: Lab): Promise<readonly Trace[]> => {
  const { name, provider, signal } = lab;
  const machines = await provider.list({ signal });
  const { files } = await findContexts(name, lab.world);
  const mounts = await labMounts(lab);
  return [
    ...mounts.map(({ path }) => ({ kind: 'host mount', what: path })),
    ...machines.map((machine) => ({ kind: 'machine', what: machine.name })),
    ...((await provider.abilities.traces?.({ signal })) ?? []).filter(({ kind }) => kind !== KEPT_DATA),
    ...files.map((path) => ({ kind: CONTEXT, what: contextIn(name, path) })),
  ];
};

/** Kept data of this and earlier runs. The user asked for it, so it does not count as left. */
const keptBy = async ({ provider, signal }: Lab): Promise<Certificate['kept']> =>
  ((await provider.abilities.traces?.({ signal })) ?? [])
    .filter(({ kind }) => kind === KEPT_DATA)
    .map(({ what }) => ({ machine: basename(what), path: what }));

/** Lists what belongs to the lab; changes nothing. */
export const planRemoval = async (lab: Lab): Promise<Removal> => {
  const machines = await lab.provider.list({ signal: lab.signal });
  const folder = { kind: 'directory', what: lab.world.store.dir(lab.name) };
  return { lab, machines, before: [...(await tracesOf(lab)), folder] };
};

/** Machines removed at the same time. */
const LIMIT = 4;

/** Reasons of failures by machine or other name; '' stands for the network and the rest of the foundation. */
type Failures = Map<string, string>;

const attempt = async (
  failures: Failures,
  who: string,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    failures.set(who, error instanceof Error ? error.message : String(error));
  }
};

/** Saves the bricks of a machine before it is removed, after a clean shutdown if possible. */
const keepData = async ({ name, state }: MachineInfo, { config, provider, signal }: Lab): Promise<string> => {
  const node = config.nodes.find(({ machine }) => machine === name);
  if (state === 'running') {
    await quiesce(name, { machine: (other) => provider.machine(other), signal });
    await provider.stop(name, { signal }).catch(() => signal.throwIfAborted());
  }
  await provider.stop(name, { signal, force: true });
  return (
    (await provider.abilities.keepFolders?.(name, ['/var/lib/glusterd', ...brickFolders(config, node)], {
      signal,
    })) ?? ''
  );
};

/** Removes the lab from the user's kubeconfigs; says and returns which ones may still have it. */
const forgetContexts = async (lab: Lab, failures: Failures): Promise<Certificate['unsure']> => {
  const { name, signal } = lab;
  const { files, unsure } = await findContexts(name, lab.world);
  for (const path of files)
    await attempt(failures, contextIn(name, path), signal, () => forgetContext(name, path));
  for (const { what, why } of unsure) lab.say(`${CONTEXT} ${what}: ${why}`);
  return unsure.map((trace) => ({ kind: CONTEXT, ...trace }));
};

/**
 * Removes the machines, then the foundation (network), then the record: last, so that an interrupted `down` can be
 * repeated. Whole machines are removed, so no unmount can hang on a dead volume. After a failure the rest is still
 * removed; the certificate lists the failure.
 */
export const down = async (
  { lab, machines, before }: Removal,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<Certificate> => {
  const { name: labName, provider, signal, world } = lab;
  if (keep) assertKeepsData(lab);
  const failures: Failures = new Map();
  const kept: { machine: string; path: string }[] = [];
  for (const mount of await labMounts(lab))
    await attempt(failures, mount.path, signal, () => detachHostMount(mount, lab));
  await mapPool(machines, LIMIT, (machine) =>
    attempt(failures, machine.name, signal, async () => {
      lab.say(`removing ${machine.name}`);
      if (keep) kept.push({ machine: machine.name, path: await keepData(machine, lab) });
      await provider.remove(machine.name, { signal });
    }),
  );
  if (!machines.some(({ name }) => failures.has(name)))
    await attempt(failures, '', signal, () =>
      provider.foundation.remove({ signal, onLine: (line) => lab.say(line) }),
    );
  const unsure = await forgetContexts(lab, failures);
  const known = lab.config.nodes.map(({ machine }) => machine);
  const left = explained(await tracesOf(lab), failures, {
    lab: labName,
    machines: [...new Set([...known, ...machines.map(({ name }) => name)])],
  });
  if (left.length === 0) {
    await world.store.remove(labName);
    await removeEmpty(world.dirs);
  }
  for (const found of await keptBy(lab)) if (!kept.some(({ path }) => path === found.path)) kept.push(found);
  const { id } = lab.record;
  return { lab: labName, id, machines: machines.map(({ name }) => name), before, left, unsure, kept };
};

/** Whether a text contains the machine's name as a whole word: `demo-node10` does not contain `demo-node1`. */
const names = (text: string, machine: string): boolean =>
  text.split(machine).some((before, index, parts) => {
    const after = parts[index + 1];
    return after !== undefined && !/[a-z0-9]$/i.test(before) && !/^[a-z0-9]/i.test(after);
  });

/** The machine that a trace names; the longest if several fit. */
const machineIn = (text: string, machines: readonly string[]): string | undefined =>
  [...machines].sort((a, b) => b.length - a.length).find((machine) => names(text, machine));

/** Why something is left: the failure to remove it; never the failure of another machine. */
const why = ({ kind, what }: Trace, failures: Failures, machines: readonly string[]): string => {
  const machine = failures.has(what) ? what : machineIn(what, machines);
  const own = failures.get(machine ?? kind) ?? failures.get(kind) ?? failures.get('');
  const any = machine === undefined ? [...failures.values()][0] : undefined;
  return own ?? any ?? 'reason unknown: something recreated it, or another process uses it';
};

/** What is left, and why. A failure counts even if no trace shows it: a machine may still be starting. */
const explained = (
  traces: readonly Trace[],
  failures: Failures,
  { lab, machines }: { readonly lab: string; readonly machines: readonly string[] },
): readonly Remainder[] => {
  const seen = traces.map((trace) => ({ ...trace, why: why(trace, failures, machines) }));
  const unseen = [...failures]
    .filter(([, reason]) => !seen.some((remainder) => remainder.why === reason))
    .map(([who, reason]) => ({ kind: 'lab', what: who || lab, why: reason }));
  return [...seen, ...unseen];
};
