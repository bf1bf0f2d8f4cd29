/** A program to run: data, never a shell string. `secrets` are blanked when the command is shown. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Text for standard input; without it and `stdinFile`, stdin is empty. */
  readonly stdin?: string;
  /** A file of the host to stream to standard input. */
  readonly stdinFile?: string;
  /** Stream `stdinFile` through a pipe: a confined program (a snap) may not read an open file. */
  readonly pipeStdin?: boolean;
  /** Working directory; that of kglab without it. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program gets only `env`, not the environment of kglab. */
  readonly cleanEnv?: boolean;
  readonly secrets?: readonly string[];
  /** The output contains secrets (a kubeconfig): never log or show it. */
  readonly private?: boolean;
}

/** The result of a command. `signal` is set when a signal killed it, `timedOut` when its timeout did. */
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
  /** Timeout in milliseconds; ends the process and sets `timedOut`. */
  readonly timeoutMs?: number;
  /** Called for each line of stdout and stderr as it arrives. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command on the host, or as root in a machine. Throws only when the command cannot be delivered. */
export interface Executor {
  exec(command: Command, options?: ExecOptions): Promise<CommandResult>;
}

/** A command from its words. */
export const cmd = (file: string, ...args: string[]): Command => ({ file, args });

/** `sh -c` with a constant script. Values are arguments (`$1`, `$2`, …), never part of the script. */
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

/** The command to paste into a shell, secrets blanked. */
export const pretty = ({ file, args, secrets }: Command): string =>
  redact([file, ...args].map(quote).join(' '), secrets);
