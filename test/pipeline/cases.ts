import type { Fault } from '../../src/simulator/world/faults.js';
import { Data } from './data.js';
import { SimLab, type Act, type Ran, type RunOptions, type Snapshot } from '../helpers/sim-lab.js';

/** How long a network stays cut: longer than anybody waits for a pool, a mount or a node. */
export const CUT_MS = 5 * 60_000;

/** Everything that goes wrong, by name. */
const FAULTS: Readonly<Record<string, Fault>> = {
  fail: { kind: 'fail' },
  hang: { kind: 'hang' },
  'time out though it worked': { kind: 'time-out' },
  'power cut before': { kind: 'power-cut', when: 'before' },
  'power cut after': { kind: 'power-cut', when: 'after' },
  'network cut': { kind: 'network-cut', forMs: CUT_MS },
  'address change': { kind: 'address-change', when: 'after' },
};

/** What kglab is asked to do, and when. */
export interface Scene {
  /** The lab file. */
  readonly text: string;
  /** The lab just before; absent where there is none yet. */
  readonly from?: Snapshot;
  readonly job: (lab: SimLab, options: RunOptions) => Promise<Ran>;
  /** It does not go on where it was ended: every fault is met from its beginning. */
  readonly replays?: boolean;
  /** Nothing of the lab is to be left; else `up` must complete it. */
  readonly removes?: boolean;
}

/** The making of a lab. */
export const making = (text: string): Scene => ({ text, job: (lab, options) => lab.up(options) });

/** The lab of a scene, just before. */
export const labOf = ({ text, from }: Scene): SimLab => {
  const lab = new SimLab(text);
  return from === undefined ? lab : lab.restore(from);
};

/** One thing that goes wrong once. */
export interface Case {
  readonly name: string;
  readonly step: string;
  readonly fault: string;
  /** The lab just before. */
  readonly from: Snapshot;
  /** Absent for a kglab that was killed at this very moment. */
  readonly hits?: { readonly act: Act; readonly fault: Fault };
}

interface Recorded {
  readonly act: Act;
  readonly before: Snapshot;
  readonly after: Snapshot;
}

const record = async (scene: Scene): Promise<readonly Recorded[]> => {
  const lab = labOf(scene);
  const data = new Data(lab);
  const recorded: Recorded[] = [];
  const before = new Map<number, Snapshot>();
  const { error } = await scene.job(lab, {
    fault: ({ index }) => void before.set(index, lab.snapshot()),
    witness: (act) => {
      data.write();
      recorded.push({ act, before: before.get(act.index) as Snapshot, after: lab.snapshot() });
    },
  });
  if (error !== undefined) throw error as Error;
  return recorded;
};

/** The world without its clock and counters: what a crash would leave. */
export const content = ({ world, ledger }: Snapshot): string => {
  const {
    time: _time,
    counter: _counter,
    pids: _pids,
    ...rest
  } = JSON.parse(world) as Record<string, unknown>;
  return JSON.stringify([rest, ledger]);
};

/** The step that an act is for; what is done for none is known by what it is. */
const stepOf = ({ step, kind, machine = 'the lab' }: Act): string => step || `${kind}:${machine}`;

const crashes = (recorded: readonly Recorded[]): Case[] => {
  const seen = new Set<string>();
  return recorded.flatMap(({ act, after }) => {
    const key = content(after);
    if (seen.has(key)) return [];
    seen.add(key);
    const { kind, nth } = act;
    const step = stepOf(act);
    return [{ name: `kglab dies after ${kind} ${nth} of ${step}`, step, fault: 'crash', from: after }];
  });
};

/** Most programs of a script that are let run before kglab dies in the middle of it. */
const WITHIN = 5;

/** The scripts by which steps change something, once for every kind of step, with a crash after each of its programs. */
const crashesWithin = (recorded: readonly Recorded[]): Case[] => {
  const seen = new Set<string>();
  return recorded.flatMap(({ act, before, after }) => {
    const key = `${act.step.split(':')[0]} ${act.command?.args[1]}`;
    if (act.phase !== 'apply' || act.command?.file !== 'sh' || seen.has(key)) return [];
    if (content(before) === content(after)) return [];
    seen.add(key);
    return Array.from({ length: WITHIN }, (_, index) => ({
      name: `kglab dies after ${index + 1} programs of exec ${act.nth} of ${act.step}`,
      ...{ step: act.step, fault: 'crash within', from: before },
      hits: { act, fault: { kind: 'crash-within', programs: index + 1 } as const },
    }));
  });
};

/** What is let happen to a step: when it looks for the first time, and at the first and last thing it does. */
const HITS = {
  look: ['fail', 'hang', 'power cut before'],
  first: Object.keys(FAULTS),
  last: ['fail', 'time out though it worked', 'power cut after', 'address change'],
} as const;

const targets = (acts: readonly Recorded[]): readonly { act: Act; faults: readonly string[] }[] => {
  const doing = acts.filter(({ act }) => act.phase === 'apply');
  const [look, first, last] = [acts.find(({ act }) => act.phase === 'probe'), doing[0], doing.at(-1)];
  return [
    ...(look ? [{ act: look.act, faults: first ? HITS.look : HITS.first }] : []),
    ...(first ? [{ act: first.act, faults: HITS.first }] : []),
    ...(last && last !== first ? [{ act: last.act, faults: HITS.last }] : []),
  ];
};

const mishaps = (scene: Scene, recorded: readonly Recorded[]): Case[] => {
  const steps = [...new Set(recorded.map(({ act }) => stepOf(act)))];
  return steps.flatMap((step) => {
    const own = recorded.filter(({ act }) => stepOf(act) === step);
    const from = (scene.replays ? recorded[0] : own[0])?.before as Snapshot;
    // What is known of the whole lab is asked once for many steps: by whichever comes first.
    const alone = own.filter(({ act }) => act.kind !== 'list');
    const acts = alone.length > 0 ? alone : own;
    return targets(acts).flatMap(({ act, faults }) =>
      faults.map((fault) => ({
        name: `${fault}: ${act.kind} ${act.nth} (${act.phase}) of ${step}`,
        ...{ step, fault, from, hits: { act, fault: FAULTS[fault] as Fault } },
      })),
    );
  });
};

/** Everything that can go wrong meanwhile: at every step, and a crash at every moment. */
export const casesOf = async (scene: Scene): Promise<readonly Case[]> => {
  const recorded = await record(scene);
  return [...crashes(recorded), ...crashesWithin(recorded), ...mishaps(scene, recorded)];
};
