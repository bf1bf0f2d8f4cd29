import type { Node, Part, Redirect, Word } from './ast.js';

/** A place in a script, and the parser of commands inside `$(…)`. */
export interface Source {
  readonly text: string;
  at: number;
  nested(): Node;
}

const NAME = /[A-Za-z_]\w*|[0-9@#?$*!]/y;
const OPERATORS = [':-', ':+', ':=', ':?', '%%', '##', '%', '#', '-', '+', '=', '?'] as const;
const ENDS = new Set([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']);

/** A script that the simulator's shell cannot read. */
export class SyntaxProblem extends Error {}

const nameAt = (source: Source): string | undefined => {
  NAME.lastIndex = source.at;
  const found = NAME.exec(source.text)?.[0];
  if (found !== undefined) source.at += found.length;
  return found;
};

const expect = (source: Source, text: string): void => {
  if (!source.text.startsWith(text, source.at))
    throw new SyntaxProblem(`"${text}" expected at …${source.text.slice(source.at, source.at + 20)}`);
  source.at += text.length;
};

const braced = (source: Source, quoted: boolean): Part => {
  if (source.text[source.at] === '#' && /\w/.test(source.text[source.at + 1] ?? '')) {
    source.at += 1;
    const name = nameAt(source) ?? '';
    expect(source, '}');
    return { type: 'variable', name, quoted, operator: 'length' };
  }
  const name = nameAt(source);
  if (name === undefined) throw new SyntaxProblem('a variable name is missing in ${…}');
  const operator = OPERATORS.find((candidate) => source.text.startsWith(candidate, source.at));
  if (operator === undefined) {
    expect(source, '}');
    return { type: 'variable', name, quoted };
  }
  source.at += operator.length;
  // Quotes around `${x%pattern}` are not quotes of its pattern.
  const isPattern = operator.startsWith('%') || operator.startsWith('#');
  const argument = parts(source, (char) => char === '}', quoted && !isPattern);
  expect(source, '}');
  return { type: 'variable', name, quoted, operator, argument };
};

const dollar = (source: Source, quoted: boolean): Part => {
  source.at += 1;
  const { text } = source;
  if (text.startsWith('((', source.at)) {
    source.at += 2;
    let depth = 0;
    const sum = parts(
      source,
      (char) => {
        depth += char === '(' ? 1 : char === ')' ? -1 : 0;
        return depth < 0;
      },
      true,
    );
    expect(source, '))');
    return { type: 'sum', source: sum, quoted };
  }
  if (text[source.at] === '(') {
    source.at += 1;
    const body = source.nested();
    expect(source, ')');
    return { type: 'output', body, quoted };
  }
  if (text[source.at] === '{') {
    source.at += 1;
    return braced(source, quoted);
  }
  const name = nameAt(source);
  return name === undefined ? { type: 'text', text: '$', quoted } : { type: 'variable', name, quoted };
};

const single = (source: Source): Part => {
  const end = source.text.indexOf("'", source.at + 1);
  if (end < 0) throw new SyntaxProblem("a ' is never closed");
  const text = source.text.slice(source.at + 1, end);
  source.at = end + 1;
  return { type: 'text', text, quoted: true };
};

const double = (source: Source): Part[] => {
  source.at += 1;
  const inner = parts(source, (char) => char === '"', true);
  expect(source, '"');
  // Empty quotes are a word, and "$@" without arguments is none.
  return inner.length > 0 ? inner : [{ type: 'text', text: '', quoted: true }];
};

const escape = (source: Source, quoted: boolean): Part[] => {
  const next = source.text[source.at + 1] ?? '';
  source.at += 2;
  if (next === '\n') return [];
  const kept = quoted && !['$', '`', '"', '\\'].includes(next);
  return [{ type: 'text', text: kept ? `\\${next}` : next, quoted: true }];
};

const parts = (source: Source, ends: (char: string) => boolean, quoted: boolean): Part[] => {
  const found: Part[] = [];
  while (source.at < source.text.length) {
    const char = source.text[source.at] as string;
    if (ends(char)) break;
    if (char === '`') throw new SyntaxProblem('`…` is not simulated: write $(…)');
    if (char === '~' && !quoted && found.length === 0)
      throw new SyntaxProblem('~ is not simulated: write the whole path');
    if (char === '$') found.push(dollar(source, quoted));
    else if (char === '\\') found.push(...escape(source, quoted));
    else if (char === '"' && !quoted) found.push(...double(source));
    else if (char === "'" && !quoted) found.push(single(source));
    else if (char === '"') throw new SyntaxProblem('quotes inside of quotes');
    else {
      const last = found.at(-1);
      source.at += 1;
      if (last?.type === 'text' && last.quoted === quoted)
        found[found.length - 1] = { ...last, text: last.text + char };
      else found.push({ type: 'text', text: char, quoted });
    }
  }
  return found;
};

/** The word at this place; undefined when none starts here. */
export const wordAt = (source: Source): Word | undefined => {
  const start = source.at;
  const found = parts(source, (char) => ENDS.has(char), false);
  return source.at === start ? undefined : found;
};

const REDIRECT = /(\d?)(>&|>>|>|<)[ \t]*/y;

/** The redirection at this place; undefined when none starts here. Throws SyntaxProblem for kinds that are not known. */
export const redirectAt = (source: Source): Redirect | undefined => {
  REDIRECT.lastIndex = source.at;
  const found = REDIRECT.exec(source.text);
  if (found === null) return undefined;
  source.at += found[0].length;
  const operator = found[2] as Redirect['operator'];
  const descriptor = found[1] === '' ? (operator === '<' ? 0 : 1) : Number(found[1]);
  const target = wordAt(source);
  if (target === undefined)
    throw new SyntaxProblem(`the redirection ${found[0]}${source.text.slice(source.at, source.at + 20)}`);
  return { descriptor, operator, target };
};
