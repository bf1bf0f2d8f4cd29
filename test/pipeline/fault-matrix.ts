import { CliError } from '../../src/errors/cli-error.js';
import { CrashError } from '../../src/simulator/world/faults.js';
import type { Act, Ran, SimLab } from '../helpers/sim-lab.js';
import { casesOf, content, CUT_MS, labOf, type Case, type Scene } from './cases.js';
import { Data } from './data.js';

const MINUTE_MS = 60_000;
/**
 * Processor time that the faults of one scene may take: all scenes together take less than three minutes on two cores,
 * and the longest of them, with several volumes, 49 s.
 */
export const CPU_MS = 90_000;
/** Longest that they may take on a busy host. */
export const LIMIT_MS = 600_000;
/** Problems that a failing test shows: one mistake makes hundreds. */
export const SHOWN = 12;

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

/** Lets one thing go wrong, then looks whether the lab can be taken down as it is, and whether it recovers. */
const judge = async (scene: Scene, { from, hits }: Case, known: Known): Promise<Verdict> => {
  const lab = labOf({ ...scene, from });
  const data = new Data(lab);
  let [gaveUp, met, failed] = [false, hits === undefined, hits === undefined];
  const wrong = (problem: string): Verdict => ({ problem, gaveUp, met, failed });
  if (hits) {
    const first = await scene.job(lab, {
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
    // Not left to the state that it ends in: that may have been judged already, on another way to it.
    if (data.harm !== undefined) return wrong(data.harm);
    if (hits.fault.kind === 'network-cut') await lab.wait(CUT_MS);
  }
  const left = lab.snapshot();
  const state = content(left);
  if (!known.has(state))
    known.set(
      state,
      (await takeDown(labOf({ ...scene, from: left }), 'at once ')) ?? (await recover(lab, data, scene)),
    );
  const problem = known.get(state);
  return { ...(problem !== undefined && { problem }), gaveUp, met, failed };
};

/** Repeats `up` as a person would, then takes the lab down; what does not go as it should. */
const recover = async (lab: SimLab, data: Data, { removes }: Scene): Promise<string | undefined> => {
  if (removes) return takeDown(lab);
  const watched = { fault: (act: Act) => void data.watch(act), witness: data.write };
  const again = await lab.up(watched);
  if (again.error !== undefined) return `up again fails: ${words(again.error)}`;
  const third = await lab.up();
  if (third.error !== undefined) return `a further up fails: ${words(third.error)}`;
  if (third.changed > 0) return `a further up changes ${changes(third)}`;
  // Volumes of single claims are not waited for: they heal by themselves.
  await lab.wait(MINUTE_MS);
  if (data.problem !== undefined) return data.problem;
  return takeDown(lab);
};

const takeDown = async (lab: SimLab, when = ''): Promise<string | undefined> => {
  const { error } = await lab.down();
  if (error !== undefined) return `down ${when}fails: ${words(error)}`;
  return lab.remains.length === 0 ? undefined : `down ${when}leaves ${lab.remains.join(', ')}`;
};

/** Tries everything; the problems found, and a line that says how much was tried. */
export const tryAll = async (
  scene: Scene,
): Promise<{ problems: string[]; summary: string; tried: number; cpuMs: number }> => {
  const before = process.cpuUsage();
  const cases = await casesOf(scene);
  const problems: string[] = [];
  const known: Known = new Map();
  const pairs = new Map<string, boolean>();
  let failed = 0;
  for (const one of cases) {
    const verdict = await judge(scene, one, known);
    failed += Number(verdict.failed);
    if (verdict.problem !== undefined) problems.push(`${one.name}: ${verdict.problem}`);
    if (verdict.gaveUp) problems.push(`${one.name}: only Ctrl-C ended it`);
    // A step that waits may be done before its last look is due; another look of it then stands for that one.
    const pair = `${one.fault} at ${one.step}`;
    pairs.set(pair, verdict.met || pairs.get(pair) === true);
  }
  // A step that does nothing by itself looks at what others look at, too: whichever comes first asks. A job that begins
  // anew each time does the same operations each time, so that there every fault must meet its own.
  const acting = new Set(cases.filter(({ hits }) => hits?.act.phase === 'apply').map(({ step }) => step));
  for (const [pair, met] of pairs)
    if (!met && (scene.replays || acting.has(pair.split(' at ')[1] ?? '')))
      problems.push(`${pair}: never came to be`);
  const steps = new Set(cases.map(({ step }) => step)).size;
  const crashed = cases.filter(({ fault }) => fault.startsWith('crash')).length;
  const summary = `${pairs.size} (step, fault) pairs over ${steps} steps; ${cases.length} runs in all, ${known.size} distinct states, ${crashed} of them killed, ${failed} made to fail`;
  const { user, system } = process.cpuUsage(before);
  return { problems, summary, tried: cases.length, cpuMs: (user + system) / 1000 };
};
