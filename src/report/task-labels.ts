import type { Outcome } from '../engine/events.js';
import { formatDuration } from './duration.js';
import type { BoardStep } from './run-board.js';

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

/** A step's line in the live list: its title, and how long it runs or how it ended. */
export const stepLabel = (step: BoardStep, now: number, reason: string | undefined): string => {
  const { title, state, outcome, startedAt = now, durationMs = 0 } = step;
  if (state === 'waiting') return `${title} · waiting`;
  if (state === 'finished' && outcome !== undefined) {
    return finished(title, outcome, formatDuration(durationMs), reason === undefined ? '' : `: ${reason}`);
  }
  const elapsed = Math.floor((now - startedAt) / 1000);
  return elapsed < 1 ? title : `${title} (${elapsed} s)`;
};

/** A stage's line: what came of its steps so far, unchanged ones unmentioned unless nothing else happened. */
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
