import type { Fault } from '../../src/simulator/world/faults.js';
import { Data } from './data.js';
import { SimLab, type Act, type Ran, type RunOptions, type Snapshot } from '../helpers/sim-lab.js';

/** How long a network cut lasts: longer than any step waits for a pool, a mount or a node. */
export const CUT_MS = 5 * 60_000;

/** The faults, by name. */
const FAULTS: Readonly<Record<string, Fault>> = {
  fail: { kind: 'fail' },
  hang: { kind: 'hang' },
  'time out though it worked': { kind: 'time-out' },
  'power cut before': { kind: 'power-cut', when: 'before' },
  'power cut after': { kind: 'power-cut', when: 'after' },
  'network cut': { kind: 'network-cut', forMs: CUT_MS },
  'address change': { kind: 'address-change', when: 'after' },
};

/** A job of kglab and the lab on which it runs. */
export interface Scene {
  /** The lab file. */
  readonly text: string;
  /** The lab before the job; absent where there is none yet. */
  readonly from?: Snapshot;
  readonly job: (lab: SimLab, options: RunOptions) => Promise<Ran>;
  /** The job starts from its beginning each time, so every fault must occur. */
  readonly replays?: boolean;
  /** The job removes the lab; otherwise `up` must complete it. */
  readonly removes?: boolean;
}

/** The scene that creates a lab. */
export const making = (text: string): Scene => ({ text, job: (lab, options) => lab.up(options) });

/** A scene's lab before the job. */
export const labOf = ({ text, from }: Scene): SimLab => {
  const lab = new SimLab(text);
  return from === undefined ? lab : lab.restore(from);
};

/** One fault at one operation. */
export interface Case {
  readonly name: string;
  readonly step: string;
  readonly fault: string;
  /** The lab before the fault. */
  readonly from: Snapshot;
  /** Absent if kglab was killed at this moment. */
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

/** The state that a crash leaves: the world without its clock and counters. */
export const content = ({ world, ledger }: Snapshot): string => {
  const {
    time: _time,
    counter: _counter,
    pids: _pids,
    ...rest
  } = JSON.parse(world) as Record<string, unknown>;
  return JSON.stringify([rest, ledger]);
};

/** The step of an act; without a step, its kind and machine. */
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

/** kglab is killed after at most this many programs of a script. */
const WITHIN = 5;

/** For each kind of step and changing script: a crash after each of its first programs. */
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

/** Where each fault hits a step: its first probe, and the first and last operation of its apply. */
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
    // Lists of machines are shared by many steps: whichever comes first asks.
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

/** All cases of a scene: every fault at every step, and a crash at every moment. */
export const casesOf = async (scene: Scene): Promise<readonly Case[]> => {
  const recorded = await record(scene);
  return [...crashes(recorded), ...crashesWithin(recorded), ...mishaps(scene, recorded)];
};
