import type { Clock } from '../util/clock.js';

/** Reports that bytes of a file have come; `total` is undefined when the server does not say it. */
export type Progress = (fileName: string, received: number, total: number | undefined) => void;

/** Lines come no closer together than this. Milliseconds. */
const EVERY = 1000;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Turns byte counts into lines such as `k3s: 12.3 of 70.1 MB (17 %)`, at most one a second over all files. */
export const progressLines = (clock: Clock, onLine: ((line: string) => void) | undefined): Progress => {
  let last = Number.NEGATIVE_INFINITY;
  return (fileName, received, total) => {
    if (onLine === undefined || clock.now() - last < EVERY) return;
    last = clock.now();
    const share = total ? ` of ${megabytes(total)} MB (${Math.floor((100 * received) / total)} %)` : ' MB';
    onLine(`${fileName}: ${megabytes(received)}${share}`);
  };
};
