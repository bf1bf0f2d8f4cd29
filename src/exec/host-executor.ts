import { access, open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { execa, type Options, type ResultPromise } from 'execa';
import type { Command, CommandResult, ExecOptions, Executor } from './command.js';
import { endGroup, signalGroup } from './host-process.js';

/** Most characters kept of each stream; a command that says more is ended. Logs of a whole lab fit ten times. */
const MAX_OUTPUT = 100 * 1024 * 1024;

/** What a command gets between the polite end (SIGTERM) and the other one (SIGKILL), in milliseconds. */
const GRACE_MS = 5_000;

/** Exit codes a POSIX shell uses for a program it cannot start. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** Cuts a stream into lines as it arrives; an unfinished last line is told when the stream ends. */
const tellLines = (stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach((line) => onLine(line.replace(/\r$/, '')));
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
};

const toStdin = ({ stdin: text, stdinFile, pipeStdin }: Command, file: FileHandle | undefined) => {
  if (text !== undefined) return { input: text };
  if (pipeStdin && stdinFile !== undefined) return { inputFile: stdinFile };
  // An open file becomes the program's own stdin: nothing is copied here. The types only know descriptor 3.
  return { stdin: (file?.fd as 3 | undefined) ?? ('ignore' as const) };
};

/** Windows has no process groups. */
const HAS_GROUPS = process.platform !== 'win32';

const toExecaOptions = (command: Command, stdin: FileHandle | undefined) =>
  ({
    ...toStdin(command, stdin),
    ...(command.cwd !== undefined && { cwd: command.cwd }),
    env: { LC_ALL: 'C', ...command.env },
    extendEnv: command.cleanEnv !== true,
    reject: false,
    buffer: true,
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT,
    forceKillAfterDelay: GRACE_MS,
    // A process group of its own: what the program has forked is ended with it.
    detached: HAS_GROUPS,
  }) satisfies Options;

type Outcome = Awaited<ResultPromise<ReturnType<typeof toExecaOptions>>>;

/** A program that could not be started reads as in a shell: 127 when it is missing, 126 when it may not run. */
const notStarted = (command: Command, outcome: Outcome): Pick<CommandResult, 'exitCode' | 'stderr'> => {
  const missing = outcome.code === 'ENOENT';
  const why = missing ? 'command not found' : (outcome.originalMessage ?? 'cannot be run');
  return { exitCode: missing ? NOT_FOUND : NOT_RUNNABLE, stderr: `${command.file}: ${why}\n` };
};

/** Linux signal numbers count from 128 in an exit code; SIGKILL stands in for one that is not known. */
const SIGNAL_BASE = 128;
const SIGKILL = 9;

const toResult = (command: Command, outcome: Outcome, timedOut: boolean): CommandResult => {
  const started = outcome.exitCode !== undefined || outcome.signal !== undefined || timedOut;
  return {
    exitCode: outcome.exitCode ?? SIGNAL_BASE + SIGKILL,
    stdout: outcome.stdout,
    stderr: outcome.isMaxBuffer
      ? `${outcome.stderr}\nmore than ${MAX_OUTPUT} characters of output\n`
      : outcome.stderr,
    ...(started ? {} : notStarted(command, outcome)),
    ...(outcome.signal !== undefined && { signal: outcome.signal }),
    ...(timedOut && { timedOut: true }),
    durationMs: outcome.durationMs,
  };
};

type Subprocess = ResultPromise<ReturnType<typeof toExecaOptions>>;

/** Process groups of the programs that run: they end with kglab, whose end no terminal tells them of. */
const running = new Set<number>();
process.once('exit', () => {
  for (const group of running) signalGroup(group, 'SIGTERM');
});

const end = async (subprocess: Subprocess): Promise<void> => {
  if (HAS_GROUPS && subprocess.pid !== undefined) await endGroup(subprocess.pid, GRACE_MS);
  else subprocess.kill();
};

/** Waits for a program. At its deadline, or when the signal aborts, it is ended with all of its process group. */
const outcomeOf = async (
  subprocess: Subprocess,
  { signal, timeoutMs }: ExecOptions,
): Promise<{ readonly outcome: Outcome; readonly endedBy?: 'deadline' | 'abort' }> => {
  let endedBy: 'deadline' | 'abort' | undefined;
  let ending: Promise<void> | undefined;
  const stop = (by: 'deadline' | 'abort'): void => {
    endedBy ??= by;
    ending ??= end(subprocess);
  };
  const onAbort = (): void => stop('abort');
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop('deadline'), timeoutMs);
  const { pid } = subprocess;
  if (HAS_GROUPS && pid !== undefined) running.add(pid);
  try {
    const outcome = await subprocess;
    if (outcome.isMaxBuffer) ending ??= end(subprocess);
    await ending;
    return { outcome, ...(endedBy && { endedBy }) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    if (pid !== undefined) running.delete(pid);
  }
};

/**
 * Runs programs of the host; never through a shell. Output comes back as it was, final newline included.
 * Throws the signal's reason when that aborts, and the system's error when `stdinFile` cannot be read.
 */
export class HostExecutor implements Executor {
  async exec(command: Command, options: ExecOptions = {}): Promise<CommandResult> {
    options.signal?.throwIfAborted();
    const { stdinFile, pipeStdin } = command;
    const stdin = stdinFile === undefined || pipeStdin ? undefined : await open(stdinFile, 'r');
    if (stdinFile !== undefined && pipeStdin) await access(stdinFile);
    try {
      const subprocess = execa(command.file, command.args, toExecaOptions(command, stdin));
      if (options.onLine) {
        tellLines(subprocess.stdout, options.onLine);
        tellLines(subprocess.stderr, options.onLine);
      }
      const { outcome, endedBy } = await outcomeOf(subprocess, options);
      if (endedBy === 'abort') options.signal?.throwIfAborted();
      return toResult(command, outcome, endedBy === 'deadline');
    } finally {
      await stdin?.close();
    }
  }
}
