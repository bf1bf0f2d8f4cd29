import { SyntaxProblem } from './words.js';

/** Characters that have a meaning in a pattern. */
const SPECIAL = /[\\*?[\]!^-]/g;

/** Quoted text as a pattern: it stands for itself. */
export const literally = (text: string): string => text.replaceAll(SPECIAL, String.raw`\$&`);

/** A pattern without its wildcards' escapes: the file name that a pattern without wildcards means. */
export const unescaped = (pattern: string): string => pattern.replaceAll(/\\([^])/g, '$1');

/** Whether a pattern has a wildcard: a word without one is no question for file names. */
export const isPattern = (pattern: string): boolean =>
  /[*?[]/.test(pattern) && /[*?[]/.test(pattern.replaceAll(/\\[^]/g, ''));

const CLASSES: Readonly<Record<string, string>> = {
  ...{ alpha: 'a-zA-Z', digit: '0-9', alnum: 'a-zA-Z0-9', upper: 'A-Z', lower: 'a-z' },
  ...{ space: String.raw`\s`, blank: String.raw` \t`, xdigit: '0-9A-Fa-f' },
};

const plain = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/-]/, String.raw`\$&`);

const classAt = (pattern: string, at: number): { source: string; end: number } => {
  const [all, name = ''] = /^\[:([a-z]+):\]/.exec(pattern.slice(at)) ?? [];
  const source = CLASSES[name];
  if (all === undefined || source === undefined)
    throw new SyntaxProblem(`the bracket expression ${pattern.slice(at)}`);
  return { source, end: at + all.length };
};

/** `[…]` at a place of a pattern, as a regular expression; undefined when it is never closed and `[` is a plain character. */
const bracketAt = (pattern: string, start: number): { source: string; end: number } | undefined => {
  const negated = pattern[start + 1] === '!';
  if (pattern[start + 1] === '^')
    throw new SyntaxProblem(`the pattern ${pattern}: write [!…] instead of [^…]`);
  let source = '';
  let at = start + (negated ? 2 : 1);
  for (let first = true; at < pattern.length; first = false) {
    const char = pattern[at] as string;
    if (char === ']' && !first) return { source: `[${negated ? '^' : ''}${source}]`, end: at + 1 };
    if (char === '[' && ':.='.includes(pattern[at + 1] ?? ' ')) {
      const found = classAt(pattern, at);
      source += found.source;
      at = found.end;
      continue;
    }
    const escaped = char === '\\' && at + 1 < pattern.length;
    const isRange = char === '-' && !first && pattern[at + 1] !== ']';
    source += escaped ? plain(pattern[at + 1] as string) : isRange ? '-' : plain(char);
    at += escaped ? 2 : 1;
  }
  return undefined;
};

const compiled = new Map<string, RegExp>();

/** A shell pattern (`*`, `?`, `[…]`, `\` before a plain character) as a regular expression over the whole text. */
export const patternOf = (pattern: string): RegExp => {
  const found = compiled.get(pattern) ?? compile(pattern);
  compiled.set(pattern, found);
  return found;
};

const compile = (pattern: string): RegExp => {
  let source = '';
  for (let at = 0; at < pattern.length;) {
    const char = pattern[at] as string;
    const bracket = char === '[' ? bracketAt(pattern, at) : undefined;
    if (bracket !== undefined) {
      source += bracket.source;
      at = bracket.end;
      continue;
    }
    const escaped = char === '\\' && at + 1 < pattern.length;
    if (escaped) source += plain(pattern[at + 1] as string);
    else source += char === '*' ? '[^]*' : char === '?' ? '[^]' : plain(char);
    at += escaped ? 2 : 1;
  }
  return new RegExp(`^${source}$`);
};

/** `${name%pattern}` and its kin: the text without the shortest (or longest) matching end (or start). */
export const strip = (text: string, operator: string, pattern: string): string => {
  const fits = patternOf(pattern);
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length);
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths) {
    const cut = operator.startsWith('%') ? text.slice(text.length - length) : text.slice(0, length);
    if (fits.test(cut))
      return operator.startsWith('%') ? text.slice(0, text.length - length) : text.slice(length);
  }
  return text;
};
