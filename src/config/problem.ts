/** Where a value sits in the lab file: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** Something wrong with a lab file. */
export interface Problem {
  readonly path: Path;
  /** What is wrong, with a suggestion in parentheses. */
  readonly message: string;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  /**
   * Values the finding rests on, as dotted patterns with `*` for list items. It is dropped when one of them is
   * itself refused: what follows from a mistake is not worth a line of its own.
   */
  readonly reads?: readonly string[];
}

/** Adds a suggestion to a sentence, if there is one. */
export const say = (what: string, suggestion?: string): string =>
  suggestion === undefined ? what : `${what} (${suggestion})`;

/** `nodes[0].memory`. */
export const dotted = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');

/** The value at a path of plain data, if there is one. */
export const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (holder, part) =>
      typeof holder === 'object' ? (holder as Record<string, unknown> | null)?.[part] : undefined,
    data,
  );

/** A list as a sentence has it: `a, b or c`. */
export const listed = (words: readonly string[], last = 'or'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

/** A value as a message shows it. */
export const shown = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? JSON.stringify(value) : `${value as number | boolean}`;
};

const overlap = (pattern: readonly string[], path: Path): boolean =>
  pattern.slice(0, path.length).every((part, index) => part === '*' || part === String(path[index]));

/** Whether a finding stands on values that are all sound. */
export const isFounded = ({ reads = [] }: Problem, refused: readonly Path[]): boolean =>
  !reads.some((pattern) => refused.some((path) => overlap(pattern.split('.'), path)));
