import type { RunEvent } from '../engine/events.js';
import { formatDuration } from './duration.js';
import type { RunBoard } from './run-board.js';

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

/** What came of a run, in one sentence: "Lab demo: 3 machines, 24 steps, 0 changes (2.1 s)." */
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
