import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunEvent } from '../../../src/engine/events.js';
import type { TestLab } from './kglab.js';

/** A moment in a run of kglab. */
export interface Moment {
  /** Kind of the step, e.g. `gluster.pool`; the first of its kind counts. */
  readonly kind: string;
  /**
   * `pending`: its probe has found work, and apply begins; `says`: its first line of progress; `finished`: it is done.
   * If the machine has meanwhile completed the work that a killed run started, there is nothing pending: then the end of
   * the step is the moment.
   */
  readonly at: 'pending' | 'says' | 'finished';
  /** Milliseconds after that. */
  readonly afterMs?: number;
}

/** The moment in words. */
export const nameOf = ({ kind, at, afterMs }: Moment): string =>
  `${kind} ${at}${afterMs ? ` + ${afterMs} ms` : ''}`;

const isAt = (event: RunEvent, { kind, at }: Moment): boolean => {
  if (!('id' in event) || event.id.split(':')[0] !== kind) return false;
  if (event.type === 'step.pending') return at === 'pending';
  if (event.type === 'step.line') return at === 'says';
  return event.type === 'step.finished' && ['changed', 'unchanged'].includes(event.outcome);
};

/** How a run ended that was interfered with at a moment. */
export interface Cut {
  /** Whether it was still running at the moment. */
  readonly reached: boolean;
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** Runs kglab with `args` and calls `act` with its process id at the moment, unless it has ended by then. */
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
  let acting: Promise<boolean> | undefined;
  const actIfItRuns = async (): Promise<boolean> => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    await act(child.pid);
    return true;
  };
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (acting !== undefined || !line.startsWith('{') || !isAt(JSON.parse(line) as RunEvent, moment)) return;
    acting = new Promise<void>((resolve) => setTimeout(resolve, moment.afterMs ?? 0)).then(actIfItRuns);
    acting.catch(() => undefined);
  });
  const exitCode = await lab.watch(
    child,
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  );
  return { reached: (await acting) ?? false, exitCode, stderr: lines.join('\n') };
};

/** Runs `kglab up` and kills it (SIGKILL) at a moment; fails when the run never gets there. */
export const killUpAt = async (lab: TestLab, moment: Moment): Promise<void> => {
  const cut = await actAt(lab, ['up'], moment, (pid) => void process.kill(pid, 'SIGKILL'));
  if (cut.reached && cut.exitCode === null) return;
  throw new Error(`up ended with ${cut.exitCode} before ${nameOf(moment)}\n${cut.stderr.slice(-4000)}`);
};
