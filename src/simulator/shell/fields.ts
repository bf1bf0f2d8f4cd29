import type { ShellState } from './state.js';
import { literally } from './pattern.js';

/**
 * A piece of an expanded word: text of the script, quoted text, or the result of an expansion, which alone is split;
 * `next` begins a new field, as between the words of `"$@"`.
 */
export interface Chunk {
  readonly kind: 'literal' | 'quoted' | 'result' | 'next';
  readonly text: string;
}

/** A field of a word, as text and as the pattern that it is. */
export interface Field {
  readonly text: string;
  readonly pattern: string;
}

interface Separators {
  readonly all: string;
  /** Those that are blanks: a run of them counts once. */
  readonly blank: string;
}

/** What `IFS` says. */
export const separatorsOf = ({ variables }: ShellState): Separators => {
  const all = variables['IFS'] ?? ' \t\n';
  return { all, blank: [...all].filter((char) => ' \t\n'.includes(char)).join('') };
};

/** Splits an expanded word into fields, as POSIX has it (2.6.5). */
export const splitFields = (chunks: readonly Chunk[], { all, blank }: Separators): readonly Field[] => {
  const done: Field[] = [];
  let open: Field | undefined;
  // A run of blanks has ended a field; another separator after it belongs to the same end.
  let ended = false;
  const close = (): void => {
    if (open !== undefined) done.push(open);
    open = undefined;
  };
  const add = (text: string, pattern = text): void => {
    open = { text: (open?.text ?? '') + text, pattern: (open?.pattern ?? '') + pattern };
    ended = false;
  };
  const split = (char: string): void => {
    if (!all.includes(char)) return add(char);
    if (blank.includes(char)) {
      ended ||= open !== undefined;
      return close();
    }
    if (open === undefined && !ended) add('');
    close();
    ended = false;
  };
  for (const { kind, text } of chunks) {
    if (kind === 'next') (close(), (ended = false));
    else if (kind === 'quoted') add(text, literally(text));
    else if (kind === 'literal') add(text);
    else for (const char of text) split(char);
  }
  close();
  return done;
};

const countFrom = (line: string, at: number, chars: string): number => {
  let end = at;
  while (end < line.length && chars.includes(line[end] as string)) end += 1;
  return end;
};

/** Splits a line for `read`: into so many fields at most, the last of which has all that is left. */
export const splitLine = (line: string, count: number, { all, blank }: Separators): readonly string[] => {
  const found: string[] = [];
  let at = countFrom(line, 0, blank);
  const field = (): string => {
    let end = at;
    while (end < line.length && !all.includes(line[end] as string)) end += 1;
    const text = line.slice(at, end);
    at = countFrom(line, end, blank);
    if (at < line.length && all.includes(line[at] as string)) at = countFrom(line, at + 1, blank);
    return text;
  };
  while (found.length < count - 1) found.push(field());
  const rest = line.slice(at);
  const last = field();
  let end = rest.length;
  while (end > 0 && blank.includes(rest[end - 1] as string)) end -= 1;
  // One field and its separator, or several with what stands between them.
  found.push(at >= line.length ? last : rest.slice(0, end));
  return found;
};
