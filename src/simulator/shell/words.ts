import type { Node, Part, Word } from './ast.js';

/** A place in a script, and the parser of commands inside `$(…)`. */
export interface Source {
  readonly text: string;
  at: number;
  nested(): Node;
}

const NAME = /[A-Za-z_]\w*|[0-9@#?$*!]/y;
const OPERATORS = [':-', ':+', ':=', ':?', '%%', '##', '%', '#', '-', '+'] as const;
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
  const argument = parts(source, (char) => char === '}', quoted);
  expect(source, '}');
  return { type: 'variable', name, quoted, operator, argument };
};

const dollar = (source: Source, quoted: boolean): Part => {
  source.at += 1;
  const { text } = source;
  if (text.startsWith('((', source.at)) {
    const start = source.at + 2;
    let end = start;
    for (let depth = 0; depth > 0 || text[end] !== ')'; end += 1) {
      if (end >= text.length) throw new SyntaxProblem('a $(( is never closed');
      depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
    }
    const sum = text.slice(start, end);
    source.at = end + 2;
    return { type: 'sum', text: sum, quoted };
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
  return [{ type: 'text', text: '', quoted: true }, ...inner];
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
    if (char === '$') found.push(dollar(source, quoted));
    else if (char === '\\') found.push(...escape(source, quoted));
    else if (char === '"' && !quoted) found.push(...double(source));
    else if (char === "'" && !quoted) found.push(single(source));
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
