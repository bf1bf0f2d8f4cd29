import { storageNodes } from '../../config/roles.js';
import { fresh, pending, satisfied, type StepContext } from '../../engine/context.js';
import { defineStep } from '../../engine/step.js';
import { CliError } from '../../errors/cli-error.js';
import { ask, must, poolOf, volumesOn } from '../../gluster/ask.js';
import { gluster } from '../../gluster/commands.js';
import { IN_CLUSTER, isSelf, REJECTED, type Peer } from '../../gluster/parse.js';
import { mapPool } from '../../util/pool.js';
import { waitFor } from '../../util/wait.js';
import { lostIdentities, restoreIdentity, syncVolumes } from './rejoin.js';

/** How long to wait for glusterd and for the pool (milliseconds): a second or two, and longer on a slow VM. */
const POOL_MS = 60_000;
/** How long the handshake of two peers takes (milliseconds). */
const HANDSHAKE_MS = 2_000;
/** Machines asked at the same time. */
const ASK_LIMIT = 8;

/** Why `machines` are not one pool, by the views of all of them; undefined when they are. */
export const poolGap = (
  machines: readonly string[],
  views: readonly (readonly Peer[])[],
): string | undefined => {
  for (const [index, view] of views.entries()) {
    const machine = machines[index] as string;
    const others = view.filter((peer) => !isSelf(peer));
    const rejected = others.find(({ state }) => state === REJECTED);
    if (rejected) return `${machine} has rejected ${rejected.names[0]}`;
    const missing = machines.find(
      (name) => name !== machine && !others.some(({ names }) => names.includes(name)),
    );
    if (missing !== undefined) return `${machine} does not know ${missing}`;
    const away = others.find(({ connected, state }) => !connected || state !== IN_CLUSTER);
    if (away)
      return `${machine} sees ${away.names[0]} as ${away.connected ? away.stateText : 'disconnected'}`;
  }
  return undefined;
};

/** Names of the volumes that each machine knows. */
const volumeNames = (
  machines: readonly string[],
  context: StepContext,
): Promise<readonly (readonly string[])[]> =>
  mapPool(machines, ASK_LIMIT, (machine) =>
    context.fact(`volumes@${machine}`, async () =>
      (await volumesOn(machine, context)).map(({ name }) => name),
    ),
  );

/** The first volume that one member knows and another does not, in words; undefined when all know all volumes. */
export const volumeGap = (
  machines: readonly string[],
  known: readonly (readonly string[])[],
): string | undefined => {
  for (const [index, names] of known.entries()) {
    const lacking = known.flat().find((name) => !names.includes(name));
    if (lacking !== undefined) return `${machines[index]} does not know volume ${lacking}`;
  }
  return undefined;
};

const gapOfPool = async (machines: readonly string[], context: StepContext): Promise<string | undefined> => {
  const gap = poolGap(machines, await mapPool(machines, ASK_LIMIT, (machine) => poolOf(context, machine)));
  return gap ?? volumeGap(machines, await volumeNames(machines, context));
};

/** Waits until all members know all volumes: an interrupted repair leaves a member that knows none. */
const syncAllVolumes = async (machines: readonly string[], context: StepContext): Promise<void> => {
  const known = await volumeNames(machines, fresh(context));
  const all = new Set(known.flat()).size;
  for (const [index, machine] of machines.entries())
    if ((known[index]?.length ?? 0) < all) await syncVolumes(machine, all, context);
};

const duplicate = (who: string, view: readonly Peer[]): CliError =>
  new CliError('GLUSTER_DUPLICATE_UUID', `${who} have the same Gluster UUID.`, {
    details: view.map(({ uuid, names }) => `${uuid} ${names.join(' ')}`),
    hint: 'Machines cloned from one image share a UUID. Recreate the lab (its data is lost): kglab down && kglab up',
  });

/** glusterd takes machines with the same UUID for one peer with several names; waiting would not help. */
const assertDistinct = (machines: readonly string[], view: readonly Peer[]): void => {
  for (const { names } of view) {
    const twins = machines.filter((machine) => names.includes(machine));
    if (twins.length > 1) throw duplicate(twins.join(' and '), view);
  }
};

/** glusterd's refusal of a machine that has the same UUID. */
const OWN_UUID = /same as local uuid/;

const probePeer = async (from: string, machine: string, context: StepContext): Promise<void> => {
  const { ok, message } = await must(context, from, gluster('peer', 'probe', machine), OWN_UUID);
  if (!ok && OWN_UUID.test(message)) throw duplicate(`${from} and ${machine}`, []);
};

const notFormed = (gap: string): CliError =>
  gap.includes('rejected')
    ? new CliError('GLUSTER_PEER_REJECTED', `The trusted pool does not form: ${gap}.`, {
        hint: 'A rejected peer was in another pool or lost its state. Recreate that machine: kglab rebuild --node NODE',
      })
    : new CliError(
        'GLUSTER_PEER_TIMEOUT',
        `The trusted pool does not form within ${POOL_MS / 1000} s: ${gap}.`,
        {
          hint: 'Check whether glusterd runs and the machines reach each other on port 24007, then run `kglab up` again.',
        },
      );

/** The pool as each machine sees it, once all answer: glusterd may not answer yet although its unit is active. */
const poolViews = async (
  machines: readonly string[],
  context: StepContext,
): Promise<readonly (readonly Peer[])[]> => {
  const { clock, signal } = context;
  let silent: string | undefined;
  const views = await waitFor(
    async () => {
      const found = await mapPool(machines, ASK_LIMIT, (machine) => poolOf(fresh(context), machine));
      silent = machines.find((_machine, index) => !found[index]?.some(isSelf));
      return silent === undefined ? found : undefined;
    },
    { clock, signal, timeoutMs: POOL_MS },
  );
  if (views === undefined) throw notFormed(`glusterd does not answer on ${silent}`);
  return views;
};

/** Gives recreated machines their old identity before they are probed as new ones. Returns the first machine's view. */
const restoreLost = async (machines: readonly string[], context: StepContext): Promise<readonly Peer[]> => {
  const views = await poolViews(machines, context);
  if (lostIdentities(machines, views).length === 0) return views[0] ?? [];
  // A handshake in progress looks the same for a moment.
  await context.clock.sleep(HANDSHAKE_MS, context.signal);
  const lost = lostIdentities(
    machines,
    await mapPool(machines, ASK_LIMIT, (machine) => poolOf(fresh(context), machine)),
  );
  const survivor = machines.find((machine) => !lost.some((one) => one.machine === machine));
  if (survivor === undefined) return views[0] ?? [];
  for (const one of lost) await restoreIdentity(one, machines, survivor, context);
  return poolOf(fresh(context), machines[0] ?? survivor);
};

const waitUntilFormed = async (machines: readonly string[], context: StepContext): Promise<void> => {
  const [first = '', second = ''] = machines;
  let gap: string | undefined;
  const formed = await waitFor(
    async () => {
      const views = await mapPool(machines, ASK_LIMIT, (machine) => poolOf(fresh(context), machine));
      for (const view of views) assertDistinct(machines, view);
      gap = poolGap(machines, views);
      if (gap === undefined) return true;
      // During a handshake glusterd answers "already in peer list" and forgets the name, so probe again.
      if (views[1]?.some(({ names }) => names.includes(first)) === false)
        await ask(context, second, gluster('peer', 'probe', first));
      return undefined;
    },
    { clock: context.clock, signal: context.signal, timeoutMs: POOL_MS },
  );
  if (!formed) throw notFormed(gap ?? 'no answer');
};

/** The machines form one trusted pool: each sees all others connected, and all know the same volumes. */
export const formPool = defineStep<{ readonly machines: readonly string[] }>({
  kind: 'gluster.pool',
  inputs: (config) => [{ machines: storageNodes(config).map(({ machine }) => machine) }],
  title: ({ machines }) => `Form the trusted pool of ${machines.length} machines`,
  needs: ({ machines }) => machines.map((machine) => `gluster.service:${machine}`),
  probe: async ({ machines }, context) => {
    const gap = await gapOfPool(machines, context);
    return gap === undefined ? satisfied : pending(gap);
  },
  apply: async ({ machines }, context) => {
    const [first = '', second] = machines;
    const known = await restoreLost(machines, context);
    for (const machine of machines
      .slice(1)
      .filter((name) => !known.some(({ names }) => names.includes(name)))) {
      context.say(`probing ${machine}`);
      await probePeer(first, machine, context);
    }
    // Probing the first from the second makes the pool know the first by name and not only by address.
    if (second !== undefined) await probePeer(second, first, context);
    await waitUntilFormed(machines, context);
    await syncAllVolumes(machines, context);
  },
});
