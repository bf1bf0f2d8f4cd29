/** The place of a value in the lab file: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** Something wrong with a lab file. */
export interface Problem {
  readonly path: Path;
  /** What is wrong, with the fix in parentheses. */
  readonly message: string;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  /**
   * Fields that the check has read, as dotted patterns with `*` for list items. If one of them is invalid itself, this
   * problem is only a consequence of that mistake and is not reported.
   */
  readonly reads?: readonly string[];
}

/** `what (suggestion)`, or `what` alone. */
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

/** `a, b or c`. */
export const listed = (words: readonly string[], last = 'or'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

/** A value in a message. */
export const shown = (value: unknown): string => {
  if (value === undefined || value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? JSON.stringify(value) : `${value as number | boolean}`;
};

/** Tells that a name must be unique; `what` is `node`, `class` or `volume`. */
export const nameTaken = (name: string, what: string): string =>
  `name ${name} is already used by another ${what} (choose another name)`;

const overlap = (pattern: readonly string[], path: Path): boolean =>
  pattern.slice(0, path.length).every((part, index) => part === '*' || part === String(path[index]));

/** Whether all fields that a check has read are valid. */
export const isFounded = ({ reads = [] }: Problem, refused: readonly Path[]): boolean =>
  !reads.some((pattern) => refused.some((path) => overlap(pattern.split('.'), path)));
