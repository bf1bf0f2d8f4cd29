import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../../src/engine/events.js';
import type { TestLab } from './kglab.js';

/** A moment in a run of kglab. */
export interface Moment {
  /** Kind of the step, e.g. `gluster.pool`; the first of its kind counts. */
  readonly kind: string;
  /**
   * `pending`: its probe has found work, which begins; `finished`: it is done. What an earlier, killed run had started
   * in a machine may have been completed there since: then there is no work, and its end is the moment.
   */
  readonly at: 'pending' | 'finished';
  /** Milliseconds from there. */
  readonly afterMs?: number;
}

const isAt = (event: RunEvent, { kind, at }: Moment): boolean => {
  if (!('id' in event) || event.id.split(':')[0] !== kind) return false;
  if (event.type === 'step.pending') return at === 'pending';
  return event.type === 'step.finished' && ['changed', 'unchanged'].includes(event.outcome);
};

/** How a run ended that something was done to at a moment. */
export interface Cut {
  readonly reached: boolean;
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** Runs kglab with `args` and calls `act` with its process id when it gets to the moment. */
export const actAt = async (
  lab: TestLab,
  args: readonly string[],
  moment: Moment,
  act: (pid: number) => void | Promise<void>,
): Promise<Cut> => {
  const [file, ...words] = lab.command(...args, '--progress', 'json');
  const child = spawn(file, words, {
    cwd: lab.dir,
    env: { ...process.env, ...lab.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  let acting: Promise<void> | undefined;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (acting !== undefined || !line.startsWith('{') || !isAt(JSON.parse(line) as RunEvent, moment)) return;
    acting = new Promise<void>((resolve) => setTimeout(resolve, moment.afterMs ?? 0)).then(() =>
      act(child.pid ?? 0),
    );
    acting.catch(() => undefined);
  });
  const exitCode = await lab.watch(
    child,
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  );
  await acting;
  return { reached: acting !== undefined, exitCode, stderr: lines.join('\n') };
};

/** Runs `kglab up` and kills it without warning at a moment; fails when the run never gets there. */
export const killUpAt = async (lab: TestLab, moment: Moment): Promise<void> => {
  const cut = await actAt(lab, ['up'], moment, (pid) => void process.kill(pid, 'SIGKILL'));
  if (cut.reached && cut.exitCode === null) return;
  throw new Error(
    `up ended with ${cut.exitCode} before ${moment.kind} ${moment.at}\n${cut.stderr.slice(-4000)}`,
  );
};
