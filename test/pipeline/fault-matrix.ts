import { CliError } from '../../src/errors/cli-error.js';
import { CrashError, type Fault } from '../../src/providers/simulator/faults.js';
import { Data } from './data.js';
import { SimLab, type Act, type Ran, type Snapshot } from '../helpers/sim-lab.js';

const MINUTE_MS = 60_000;
/** How long a network stays cut: longer than anybody waits for a pool, a mount or a node. */
const CUT_MS = 5 * MINUTE_MS;

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

const record = async (text: string): Promise<readonly Recorded[]> => {
  const lab = new SimLab(text);
  const data = new Data(lab);
  const recorded: Recorded[] = [];
  const before = new Map<number, Snapshot>();
  const { error } = await lab.up({
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
  const { time: _time, counter: _counter, ...rest } = JSON.parse(world) as Record<string, unknown>;
  return JSON.stringify([rest, ledger]);
};

const crashes = (recorded: readonly Recorded[]): Case[] => {
  const seen = new Set<string>();
  return recorded.flatMap(({ act, after }) => {
    const key = content(after);
    if (seen.has(key)) return [];
    seen.add(key);
    const { step, kind, nth } = act;
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

const mishaps = (recorded: readonly Recorded[]): Case[] => {
  const steps = [...new Set(recorded.map(({ act }) => act.step))].filter((step) => step !== '');
  return steps.flatMap((step) => {
    const own = recorded.filter(({ act }) => act.step === step);
    const from = own[0]?.before as Snapshot;
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

/** Everything that can go wrong while a lab is made: at every step, and a crash at every moment. */
export const casesOf = async (text: string): Promise<readonly Case[]> => {
  const recorded = await record(text);
  return [...crashes(recorded), ...crashesWithin(recorded), ...mishaps(recorded)];
};

const isExpected = (error: unknown): boolean => {
  if (error instanceof AggregateError) return error.errors.every(isExpected);
  return error instanceof CrashError || (error instanceof CliError && error.code !== 'BUG');
};

/** An error in a line. */
export const words = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(words).join(' | ');
  if (error instanceof CliError)
    return `${error.code}: ${error.message} ${error.details.join(' / ')}`.slice(0, 500);
  return String(error instanceof Error ? error.stack : error);
};

/** What a run changed, and why. */
export const changes = ({ outcomes, because }: Ran): string =>
  Object.entries(outcomes)
    .filter(([, outcome]) => outcome === 'changed')
    .map(([id]) => `${id} (${because[id]})`)
    .join(', ');

/** What a case has shown. */
export interface Verdict {
  /** What is wrong, if anything is. */
  readonly problem?: string;
  /** Nothing ended the wait but the person's patience. */
  readonly gaveUp: boolean;
  /** The fault met its operation. */
  readonly met: boolean;
  /** The run that it met failed, as it mostly should. */
  readonly failed: boolean;
}

const isSame = (one: Act, other: Act): boolean =>
  one.step === other.step && one.phase === other.phase && one.kind === other.kind && one.nth === other.nth;

/** What became of the states that were met already: from equal ones, everything goes on equally. */
export type Known = Map<string, string | undefined>;

/** Lets one thing go wrong, then looks whether the lab recovers. */
export const judge = async (text: string, { from, hits }: Case, known: Known): Promise<Verdict> => {
  const lab = new SimLab(text).restore(from);
  const data = new Data(lab);
  let [gaveUp, met, failed] = [false, hits === undefined, hits === undefined];
  const wrong = (problem: string): Verdict => ({ problem, gaveUp, met, failed });
  if (hits) {
    const first = await lab.up({
      patienceMs: 30 * MINUTE_MS,
      witness: data.write,
      fault: (act) => {
        data.watch(act);
        if (met || !isSame(act, hits.act)) return undefined;
        met = true;
        return hits.fault;
      },
    });
    ({ gaveUp } = first);
    failed = first.error !== undefined;
    if (first.error !== undefined && !isExpected(first.error))
      return wrong(`fails badly: ${words(first.error)}`);
    if (hits.fault.kind === 'network-cut') await lab.wait(CUT_MS);
  }
  const state = content(lab.snapshot());
  if (!known.has(state)) known.set(state, await recover(lab, data));
  const problem = known.get(state);
  return { ...(problem !== undefined && { problem }), gaveUp, met, failed };
};

/** Repeats `up` as a person would, then takes the lab down; what does not go as it should. */
const recover = async (lab: SimLab, data: Data): Promise<string | undefined> => {
  const again = await lab.up({ fault: (act) => void data.watch(act), witness: data.write });
  if (again.error !== undefined) return `up again fails: ${words(again.error)}`;
  const third = await lab.up();
  if (third.error !== undefined) return `a further up fails: ${words(third.error)}`;
  if (third.changed > 0) return `a further up changes ${changes(third)}`;
  if (data.problem !== undefined) return data.problem;
  await lab.down();
  return lab.remains.length === 0 ? undefined : `down leaves ${lab.remains.join(', ')}`;
};

/** Tries everything; the problems found, and a line that says how much was tried. */
export const tryAll = async (
  text: string,
): Promise<{ problems: string[]; summary: string; tried: number }> => {
  const cases = await casesOf(text);
  const problems: string[] = [];
  const known: Known = new Map();
  const pairs = new Map<string, boolean>();
  let failed = 0;
  for (const one of cases) {
    const verdict = await judge(text, one, known);
    failed += Number(verdict.failed);
    if (verdict.problem !== undefined) problems.push(`${one.name}: ${verdict.problem}`);
    if (verdict.gaveUp) problems.push(`${one.name}: only Ctrl-C ended it`);
    // A step that waits may be done before its last look is due; another look of it then stands for that one.
    const pair = `${one.fault} at ${one.step}`;
    pairs.set(pair, verdict.met || pairs.get(pair) === true);
  }
  for (const [pair, met] of pairs) if (!met) problems.push(`${pair}: never came to be`);
  const steps = new Set(cases.map(({ step }) => step)).size;
  const crashed = cases.filter(({ fault }) => fault.startsWith('crash')).length;
  const summary = `${pairs.size} (step, fault) pairs over ${steps} steps; ${cases.length} runs in all, ${known.size} distinct states, ${crashed} of them killed, ${failed} made to fail`;
  return { problems, summary, tried: cases.length };
};
