import { access, open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { execa, type Options, type ResultPromise } from 'execa';
import type { Command, CommandResult, ExecOptions, Executor } from './command.js';
import { endGroup, signalGroup } from './host-process.js';

/** Longest output of each stream, in characters; a longer one ends the command. Ten times the logs of a lab. */
const MAX_OUTPUT = 100 * 1024 * 1024;

/** Time between SIGTERM and SIGKILL, in milliseconds. */
const GRACE_MS = 5_000;

/** Exit codes of a POSIX shell for a program that it cannot start. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** Calls `onLine` for each line of a stream as it arrives, at the end also for an unfinished one. */
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
  // The program inherits the open file as stdin, without a copy. The types only know descriptor 3.
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
    // Its own process group: its child processes end with it.
    detached: HAS_GROUPS,
  }) satisfies Options;

type Outcome = Awaited<ResultPromise<ReturnType<typeof toExecaOptions>>>;

/** The result for a program that did not start, as in a shell: 127 when it is missing, else 126. */
const notStarted = (command: Command, outcome: Outcome): Pick<CommandResult, 'exitCode' | 'stderr'> => {
  const missing = outcome.code === 'ENOENT';
  const why = missing ? 'command not found' : (outcome.originalMessage ?? 'cannot be run');
  return { exitCode: missing ? NOT_FOUND : NOT_RUNNABLE, stderr: `${command.file}: ${why}\n` };
};

/** Exit code of a killed process: 128 + signal number; SIGKILL if the signal is unknown. */
const SIGNAL_BASE = 128;
const SIGKILL = 9;

const toResult = (command: Command, outcome: Outcome, timedOut: boolean): CommandResult => {
  const started = outcome.exitCode !== undefined || outcome.signal !== undefined || timedOut;
  return {
    exitCode: outcome.exitCode ?? SIGNAL_BASE + SIGKILL,
    stdout: outcome.stdout,
    stderr: outcome.isMaxBuffer
      ? `${outcome.stderr}\nended: more than ${MAX_OUTPUT} characters of output\n`
      : outcome.stderr,
    ...(started ? {} : notStarted(command, outcome)),
    ...(outcome.signal !== undefined && { signal: outcome.signal }),
    ...(timedOut && { timedOut: true }),
    durationMs: outcome.durationMs,
  };
};

type Subprocess = ResultPromise<ReturnType<typeof toExecaOptions>>;

/** Process groups of running programs. kglab ends them at its exit: no terminal sends them a signal. */
const running = new Set<number>();
process.once('exit', () => {
  for (const group of running) signalGroup(group, 'SIGTERM');
});

const end = async (subprocess: Subprocess): Promise<void> => {
  if (HAS_GROUPS && subprocess.pid !== undefined) await endGroup(subprocess.pid, GRACE_MS);
  else subprocess.kill();
};

/** Waits for a program. Ends its process group at the deadline or when the signal aborts. */
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
 * Runs programs on the host, without a shell. Returns their output unchanged, with the final newline. Throws the reason
 * of an aborted signal, and the system's error when `stdinFile` cannot be read.
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
