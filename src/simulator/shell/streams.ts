/** What a program reads: taken line by line by `read`, whole by most. */
export class Input {
  private at = 0;

  constructor(private readonly text: string) {}

  /** All that is left. */
  rest(): string {
    const found = this.text.slice(this.at);
    this.at = this.text.length;
    return found;
  }

  /** The next line without its end; undefined at the end. */
  line(): string | undefined {
    if (this.at >= this.text.length) return undefined;
    const end = this.text.indexOf('\n', this.at);
    const found = this.text.slice(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.text.length : end + 1;
    return found;
  }
}

/** Standard input and outputs of a program. */
export interface Io {
  readonly input: Input;
  out(text: string): void;
  err(text: string): void;
}

/** What a shell needs of the machine it runs on. */
export interface ShellHost {
  /** The number of the shell's process, that no other shell of this world has. */
  pid(): number;
  /** Runs a program; its exit code. */
  run(argv: readonly string[], io: Io, env: Readonly<Record<string, string>>): Promise<number>;
  /** Both throw an error whose message is what the system says. */
  read(path: string): string;
  write(path: string, text: string, append: boolean): void;
  isDir(path: string): boolean;
  /** Whether there is a program of that name. */
  has(name: string): boolean;
  /** Existing paths that fit a pattern. */
  glob(pattern: string): readonly string[];
}
