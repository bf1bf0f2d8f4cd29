/** A program to run: data, never a shell string. `secrets` are blanked wherever the command is shown. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Text for standard input; without it (and without `stdinFile`) stdin is empty and closed. */
  readonly stdin?: string;
  /** A file of the host that is streamed to standard input. */
  readonly stdinFile?: string;
  /** Such a file goes through a pipe: a confined program (a snap) may not read what it is handed open. */
  readonly pipeStdin?: boolean;
  /** Working directory, when kglab's own does not do. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program gets `env` alone, nothing of the caller's environment. */
  readonly cleanEnv?: boolean;
  readonly secrets?: readonly string[];
  /** The output holds secrets (a kubeconfig): it is never logged or shown. */
  readonly private?: boolean;
}

/** What became of a command. `signal` is set when it was killed, `timedOut` when its deadline did that. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly signal?: string;
  readonly timedOut?: boolean;
  readonly durationMs: number;
}

export interface ExecOptions {
  readonly signal?: AbortSignal;
  /** Deadline in milliseconds; the process is then terminated and the result says `timedOut`. */
  readonly timeoutMs?: number;
  /** Called for each line of either stream as it arrives. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command somewhere: on the host, or in a machine (there always as root). Only a transport failure throws. */
export interface Executor {
  exec(command: Command, options?: ExecOptions): Promise<CommandResult>;
}

/** Builds a command from its words. */
export const cmd = (file: string, ...args: string[]): Command => ({ file, args });

/** Builds `sh -c` with a constant script; values go in as `$1`, `$2`, … and are never spliced into the text. */
export const sh = (script: string, ...args: string[]): Command => ({
  file: 'sh',
  args: ['-c', script, 'sh', ...args],
});

const SAFE = /^[\w@%+=:,./-]+$/;

/** Quotes one word for a POSIX shell. */
export const quote = (word: string): string =>
  SAFE.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Replaces every secret by `***`. */
export const redact = (text: string, secrets: readonly string[] = []): string =>
  secrets.reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '***')), text);

/** The command as a person could paste it into a shell, secrets blanked. */
export const pretty = ({ file, args, secrets }: Command): string =>
  redact([file, ...args].map(quote).join(' '), secrets);
