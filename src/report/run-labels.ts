import type { Outcome, RunEvent } from '../engine/events.js';
import type { BoardStep, RunBoard } from './run-board.js';
import { formatDuration } from './timing.js';

const finished = (title: string, outcome: Outcome, took: string, reason: string): string => {
  switch (outcome) {
    case 'changed':
      return `${title} (${took})`;
    case 'unchanged':
      return `${title} · unchanged`;
    case 'would-change':
      return `${title} · would change${reason}`;
    case 'skipped':
      return `${title} · skipped${reason}`;
    case 'failed':
      return `${title} · failed after ${took}${reason}`;
  }
};

/** The line of a step in the live list: title, and elapsed time or outcome. */
export const stepLabel = (step: BoardStep, now: number, reason: string | undefined): string => {
  const { title, state, outcome, startedAt = now, durationMs = 0 } = step;
  if (state === 'waiting') return `${title} · waiting`;
  if (state === 'finished' && outcome !== undefined) {
    return finished(title, outcome, formatDuration(durationMs), reason === undefined ? '' : `: ${reason}`);
  }
  const elapsed = Math.floor((now - startedAt) / 1000);
  return elapsed < 1 ? title : `${title} (${elapsed} s)`;
};

/** The line of a stage: the number of its steps by outcome, without unchanged ones. */
export const stageLabel = (stage: string, all: readonly BoardStep[]): string => {
  const steps = all.filter((step) => step.stage === stage);
  const count = (outcome: Outcome): number => steps.filter((step) => step.outcome === outcome).length;
  const parts = [
    [count('changed'), 'done'],
    [count('would-change'), 'would change'],
    [count('failed'), 'failed'],
    [count('skipped'), 'skipped'],
  ].flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]));
  return `${stage} · ${parts.join(', ') || 'nothing to do'}`;
};

type RunFinished = Extract<RunEvent, { type: 'run.finished' }>;

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const machines = (board: RunBoard): string[] => {
  const count = board.steps.filter(({ kind }) => kind === 'machines.create').length;
  return count === 0 ? [] : [counted(count, 'machine')];
};

const failure = (board: RunBoard, { changed }: RunFinished): string[] => {
  const failed = board.count('failed');
  const skipped = board.count('skipped');
  return [
    failed === 0 ? 'not finished' : `${failed} of ${counted(board.steps.length, 'step')} failed`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
    counted(changed, 'change'),
  ];
};

/** The result of a run in one sentence: "Lab demo: 3 machines, 24 steps, 0 changes (2.1 s)." */
export const summarySentence = (board: RunBoard, event: RunFinished): string => {
  const pending = board.count('would-change');
  const parts = event.ok
    ? [
        ...machines(board),
        counted(board.steps.length, 'step'),
        pending > 0 ? `${pending} would change` : counted(event.changed, 'change'),
      ]
    : failure(board, event);
  return `Lab ${board.lab}: ${parts.join(', ')} (${formatDuration(event.durationMs)}).`;
};
