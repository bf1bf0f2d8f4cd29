import { readFileSync } from 'node:fs';

/** One command of a transcript, with what it printed. */
export interface Recorded {
  readonly machine: string;
  readonly command: string;
  readonly output: string;
  readonly exitCode: number;
}

const BLOCK = /^\$ \[(\w+)\] (.*)\n([\s\S]*?)^rc=(\d+)$/gm;

/** All commands of `test/fixtures/<path>`, in order. */
export const readTranscript = (path: string): readonly Recorded[] => {
  const text = readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, machine = '', command = '', output = '', code]) => ({
    machine,
    command,
    output,
    exitCode: Number(code),
  }));
};

/** The output of the `nth` run (from 1) of a command on a machine; the error lists the runs that there are. */
export const recorded = (path: string, machine: string, command: string, nth = 1): string => {
  const all = readTranscript(path);
  const found = all.filter((one) => one.machine === machine && one.command === command)[nth - 1];
  if (found !== undefined) return found.output;
  const known = all.map((one) => `  [${one.machine}] ${one.command}`).join('\n');
  throw new Error(`${path} has no run ${nth} of [${machine}] ${command}; it has\n${known}`);
};

const FILES = {
  pool: '1-form-pool-and-volume',
  options: '2-mounts-and-options',
  down: '3-node-down',
  sameUuid: '4-same-uuid',
  quorum: '5-quorum-lost',
  rejected: '6-peer-rejected',
  back: '7-peer-comes-back',
  reset: '8-reset-brick',
  arbiter: '9-arbiter',
} as const;

/** What `gluster --mode=script --xml …` printed in one of the transcripts of test/fixtures/gluster. */
export const glusterXml = (file: keyof typeof FILES, machine: string, words: string, nth = 1): string =>
  recorded(`gluster/${FILES[file]}.txt`, machine, `gluster --mode=script --xml ${words}`, nth);

/** As {@link glusterXml}, without `--xml`. */
export const glusterText = (file: keyof typeof FILES, machine: string, words: string, nth = 1): string =>
  recorded(`gluster/${FILES[file]}.txt`, machine, `gluster --mode=script ${words}`, nth);
