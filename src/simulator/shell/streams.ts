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

  /** The next line without its end, and whether it has one: a last line may lack it. */
  line(): { readonly text: string; readonly isWhole: boolean } {
    const end = this.text.indexOf('\n', this.at);
    const text = this.text.slice(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.text.length : end + 1;
    return { text, isWhole: end >= 0 };
  }
}

/** A file that a shell has opened for its programs; it holds locks. */
export interface OpenFile {
  readonly path: string;
  write(text: string): void;
}

/** Standard input and outputs of a program. */
export interface Io {
  readonly input: Input;
  /** The files that are open as further descriptors. */
  readonly files?: Readonly<Record<number, OpenFile>>;
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
  /** Gives up the lock that an open file holds, if it does. */
  unlock(file: OpenFile): void;
  isDir(path: string): boolean;
  /** Whether there is a program of that name. */
  has(name: string): boolean;
  /** Existing paths that fit a pattern, seen from a folder, sorted; relative where the pattern is. */
  glob(pattern: string, folder: string): readonly string[];
}
