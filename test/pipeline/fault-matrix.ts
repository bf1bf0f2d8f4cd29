import { CliError } from '../../src/errors/cli-error.js';
import { CrashError } from '../../src/simulator/world/faults.js';
import type { Act, Ran, SimLab } from '../helpers/sim-lab.js';
import { casesOf, content, CUT_MS, labOf, type Case, type Scene } from './cases.js';
import { Data } from './data.js';

const MINUTE_MS = 60_000;
/**
 * Limit of CPU time for one scene: all scenes together take less than three minutes on two cores,
 * and the longest of them, with several volumes, 49 s.
 */
export const CPU_MS = 90_000;
/** Limit of wall-clock time, for a busy host. */
export const LIMIT_MS = 600_000;
/** A failing test shows this many problems: one mistake causes hundreds. */
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

/** The result of a case. */
export interface Verdict {
  /** What is wrong, if anything is. */
  readonly problem?: string;
  /** Only the user's Ctrl-C ended the run. */
  readonly gaveUp: boolean;
  /** The fault occurred. */
  readonly met: boolean;
  /** The run with the fault failed, as most should. */
  readonly failed: boolean;
}

const isSame = (one: Act, other: Act): boolean =>
  one.step === other.step && one.phase === other.phase && one.kind === other.kind && one.nth === other.nth;

/** Problems by state that was already tried: equal states lead to equal results. */
export type Known = Map<string, string | undefined>;

/** Runs a scene with one fault, then checks that `down` removes the lab as it is, and that `up` repairs it. */
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
    // Checked before the lookup of known states: another case may have reached the same state without harm.
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

/** Repeats `up` as a user would, then `down`; returns what goes wrong, if anything. */
const recover = async (lab: SimLab, data: Data, { removes }: Scene): Promise<string | undefined> => {
  if (removes) return takeDown(lab);
  const watched = { fault: (act: Act) => void data.watch(act), witness: data.write };
  const again = await lab.up(watched);
  if (again.error !== undefined) return `up again fails: ${words(again.error)}`;
  const third = await lab.up();
  if (third.error !== undefined) return `a further up fails: ${words(third.error)}`;
  if (third.changed > 0) return `a further up changes ${changes(third)}`;
  // `up` does not wait for heals of dedicated volumes.
  await lab.wait(MINUTE_MS);
  if (data.problem !== undefined) return data.problem;
  return takeDown(lab);
};

const takeDown = async (lab: SimLab, when = ''): Promise<string | undefined> => {
  const { error } = await lab.down();
  if (error !== undefined) return `down ${when}fails: ${words(error)}`;
  return lab.remains.length === 0 ? undefined : `down ${when}leaves ${lab.remains.join(', ')}`;
};

/** Runs all cases of a scene; returns the problems found and a summary line. */
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
    // A step that waits may finish before its last probe: then the fault must occur at another of its operations.
    const pair = `${one.fault} at ${one.step}`;
    pairs.set(pair, verdict.met || pairs.get(pair) === true);
  }
  // A step without apply shares its probes with others: whichever comes first asks, so its fault may not occur. A job
  // that replays does the same operations each time, so there every fault must occur.
  const acting = new Set(cases.filter(({ hits }) => hits?.act.phase === 'apply').map(({ step }) => step));
  for (const [pair, met] of pairs)
    if (!met && (scene.replays || acting.has(pair.split(' at ')[1] ?? '')))
      problems.push(`${pair}: the fault never occurred`);
  const steps = new Set(cases.map(({ step }) => step)).size;
  const crashed = cases.filter(({ fault }) => fault.startsWith('crash')).length;
  const summary = `${pairs.size} (step, fault) pairs over ${steps} steps; ${cases.length} runs in all, ${known.size} distinct states, ${crashed} of them killed, ${failed} made to fail`;
  const { user, system } = process.cpuUsage(before);
  return { problems, summary, tried: cases.length, cpuMs: (user + system) / 1000 };
};
