import type { Part, Word } from './ast.js';
import { separatorsOf, splitFields, type Chunk } from './fields.js';
import { isPattern, literally, patternOf, strip } from './pattern.js';
import { Exit, type ShellState } from './state.js';
import { sumOf } from './sum.js';
import { SyntaxProblem } from './words.js';

type Of<T extends Part['type']> = Extract<Part, { type: T }>;

/** A shell in which words are expanded. */
export interface Scope {
  readonly state: ShellState;
  /** Runs a command substitution and returns what it printed, without its last newlines. */
  capture(part: Of<'output'>): Promise<string>;
  /** Tells on standard error what is wrong. */
  err(text: string): void;
}

const joined = (state: ShellState): string => state.args.join((state.variables['IFS'] ?? ' ').slice(0, 1));

const valueOf = (name: string, state: ShellState): string | undefined => {
  if (name === '?') return String(state.status);
  if (name === '#') return String(state.args.length);
  if (name === '$') return String(state.host.pid());
  if (name === '0') return state.name;
  if (name === '@') return state.args.join(' ');
  if (name === '*') return joined(state);
  if (name === '!') throw new SyntaxProblem('$!: background jobs are not simulated');
  return /^\d$/.test(name) ? state.args[Number(name) - 1] : state.variables[name];
};

const complain = (name: string, why: string, { err }: Scope): never => {
  err(`sh: ${name}: ${why}\n`);
  throw new Exit(2);
};

const result = (text: string, quoted: boolean): Chunk => ({ kind: quoted ? 'quoted' : 'result', text });

/** All arguments: each is a field of its own, whether it is split further or not. */
const everyArgument = (quoted: boolean, { args }: ShellState): Chunk[] =>
  args.flatMap((arg, index) => [
    ...(index > 0 ? [{ kind: 'next', text: ' ' } as const] : []),
    result(arg, quoted),
  ]);

/** What `${name-word}` and its kin put in a variable's place: unquoted text in it is split as a value is. */
const given = async ({ argument = [], quoted }: Of<'variable'>, scope: Scope): Promise<Chunk[]> => {
  const chunks = await chunksOf(argument, scope);
  if (quoted && chunks.length === 0) return [result('', true)];
  return chunks.map((chunk) => (chunk.kind === 'literal' ? { ...chunk, kind: 'result' } : chunk));
};

const variable = async (part: Of<'variable'>, scope: Scope): Promise<Chunk[]> => {
  const { name, operator, argument = [], quoted } = part;
  const { state } = scope;
  if (operator === undefined && (name === '@' || (name === '*' && !quoted)))
    return everyArgument(quoted, state);
  const value = valueOf(name, state);
  const replaces = operator !== undefined && /^:?[-+=?]$/.test(operator);
  if (value === undefined && state.nounset && !replaces) complain(name, 'parameter not set', scope);
  if (operator === undefined) return [result(value ?? '', quoted)];
  if (name === '@' || name === '*') throw new SyntaxProblem(`\${${name}${operator}…}`);
  if (operator === 'length') return [result(String((value ?? '').length), quoted)];
  if (!replaces) return [result(strip(value ?? '', operator, await patternText(argument, scope)), quoted)];
  const unset = operator.startsWith(':') ? !value : value === undefined;
  if (operator.endsWith('+')) return unset ? [result('', quoted)] : given(part, scope);
  if (!unset) return [result(value ?? '', quoted)];
  if (operator.endsWith('?')) complain(name, (await text(argument, scope)) || 'parameter not set', scope);
  if (operator.endsWith('-')) return given(part, scope);
  const assigned = await text(argument, scope);
  state.variables[name] = assigned;
  return [result(assigned, quoted)];
};

const chunksOf = async (word: Word, scope: Scope): Promise<Chunk[]> => {
  const found: Chunk[] = [];
  for (const part of word) {
    if (part.type === 'text') found.push({ kind: part.quoted ? 'quoted' : 'literal', text: part.text });
    else if (part.type === 'variable') found.push(...(await variable(part, scope)));
    else if (part.type === 'output') found.push(result(await scope.capture(part), part.quoted));
    else {
      const sum = sumOf(await text(part.source, scope), (name) => valueOf(name, scope.state));
      found.push(result(String(sum), part.quoted));
    }
  }
  return found;
};

/** A word as one text: for assignments and redirects. */
export const text = async (word: Word, scope: Scope): Promise<string> => {
  const [only, ...more] = word;
  if (only?.type === 'text' && more.length === 0) return only.text;
  return (await chunksOf(word, scope)).map((chunk) => chunk.text).join('');
};

/** A word as a pattern: what is quoted in it stands for itself. */
const patternText = async (word: Word, scope: Scope): Promise<string> =>
  (await chunksOf(word, scope))
    .map((chunk) => (chunk.kind === 'quoted' ? literally(chunk.text) : chunk.text))
    .join('');

/** Whether a piece of a word is as it is: neither split nor a pattern. */
const isPlain = ({ kind, text: piece }: Chunk): boolean =>
  kind === 'quoted' || (kind === 'literal' && !isPattern(piece));

/** A word as a command sees it: results are split, and what is not quoted is a pattern of file names. */
const fields = async (word: Word, scope: Scope): Promise<readonly string[]> => {
  const { state } = scope;
  const chunks = await chunksOf(word, scope);
  if (chunks.length > 0 && chunks.every(isPlain)) return [chunks.map((chunk) => chunk.text).join('')];
  return splitFields(chunks, separatorsOf(state)).flatMap((field) => {
    if (state.noglob || !isPattern(field.pattern)) return [field.text];
    const paths = state.host.glob(field.pattern, state.variables['PWD'] ?? '/root');
    return paths.length > 0 ? paths : [field.text];
  });
};

/** A word that needs no expansion, or that of one quoted variable; undefined for all others, which are fewer. */
const simpleWord = ([only, ...more]: Word, { state }: Scope): string | undefined => {
  if (only === undefined || more.length > 0) return undefined;
  if (only.type === 'text') return only.quoted || !isPattern(only.text) ? only.text : undefined;
  if (only.type !== 'variable' || !only.quoted || only.operator !== undefined || only.name === '@')
    return undefined;
  return valueOf(only.name, state);
};

/** Every word of a command, expanded. */
export const expandAll = async (words: readonly Word[], scope: Scope): Promise<string[]> => {
  const found: string[] = [];
  for (const word of words) {
    const simple = simpleWord(word, scope);
    if (simple === undefined) found.push(...(await fields(word, scope)));
    else found.push(simple);
  }
  return found;
};

/** Whether a text fits one of the patterns of a `case` arm. */
export const fitsAny = async (value: string, patterns: readonly Word[], scope: Scope): Promise<boolean> => {
  for (const pattern of patterns) if (patternOf(await patternText(pattern, scope)).test(value)) return true;
  return false;
};
