import type { Part, Word } from './ast.js';
import { isPattern, patternOf, strip } from './pattern.js';
import { Exit, type ShellState } from './state.js';

/** Runs a command substitution and returns what it printed, without its last newlines. */
export type Capture = (part: Extract<Part, { type: 'output' }>, state: ShellState) => Promise<string>;

const valueOf = (name: string, state: ShellState): string | undefined => {
  if (name === '?') return String(state.status);
  if (name === '#') return String(state.args.length);
  if (name === '$') return String(state.host.pid());
  if (name === '0') return 'sh';
  if (name === '@' || name === '*') return state.args.join(' ');
  return /^\d$/.test(name) ? state.args[Number(name) - 1] : state.variables[name];
};

const variable = async (
  part: Extract<Part, { type: 'variable' }>,
  state: ShellState,
  capture: Capture,
): Promise<string> => {
  const { name, operator, argument = [] } = part;
  const value = valueOf(name, state);
  if (operator === undefined) {
    if (value === undefined && state.nounset) throw new Exit(2);
    return value ?? '';
  }
  if (operator === 'length') return String((value ?? '').length);
  const given = await text(argument, state, capture);
  const unset = operator.startsWith(':') ? !value : value === undefined;
  if (operator.endsWith('+')) return unset ? '' : given;
  if (operator.startsWith('%') || operator.startsWith('#')) return strip(value ?? '', operator, given);
  if (!unset) return value ?? '';
  if (operator === ':?') throw new Exit(2);
  if (operator === ':=') state.variables[name] = given;
  return given;
};

const ARITHMETIC = /^[\d\s+\-*/%()<>=!]*$/;

const sum = (source: string, state: ShellState): string => {
  const filled = source.replaceAll(
    /\$(\d)|\$?([A-Za-z_]\w*)/g,
    (_all, digit: string | undefined, name = '') => valueOf(digit ?? name, state) ?? '0',
  );
  if (!ARITHMETIC.test(filled)) throw new Error(`the simulator's shell cannot work out $((${source}))`);
  let at = 0;
  const next = (): string => filled.replaceAll(/\s/g, '')[at] ?? '';
  const digits = (): number => {
    let found = '';
    while (/\d/.test(next())) ((found += next()), (at += 1));
    return Number(found);
  };
  const factor = (): number => {
    if (next() === '-') return ((at += 1), -factor());
    if (next() !== '(') return digits();
    at += 1;
    const inner = terms();
    at += 1;
    return inner;
  };
  const product = (): number => {
    let value = factor();
    for (let sign = next(); '*/%'.includes(sign) && sign !== ''; sign = next()) {
      at += 1;
      const other = factor();
      value = sign === '*' ? value * other : sign === '/' ? Math.trunc(value / other) : value % other;
    }
    return value;
  };
  const terms = (): number => {
    let value = product();
    for (let sign = next(); sign === '+' || sign === '-'; sign = next()) {
      at += 1;
      value += sign === '+' ? product() : -product();
    }
    return value;
  };
  return String(terms());
};

const piece = async (part: Part, state: ShellState, capture: Capture): Promise<string> => {
  if (part.type === 'text') return part.text;
  if (part.type === 'sum') return sum(part.text, state);
  return part.type === 'output' ? capture(part, state) : variable(part, state, capture);
};

/** A word as one text: for assignments, redirects and patterns. */
export const text = async (word: Word, state: ShellState, capture: Capture): Promise<string> => {
  let found = '';
  for (const part of word) found += await piece(part, state, capture);
  return found;
};

const isAll = (part: Part): boolean => part.type === 'variable' && part.name === '@' && part.quoted;

/** A word as a command sees it: split at blanks and globbed where it is not quoted. */
const fields = async (word: Word, state: ShellState, capture: Capture): Promise<string[]> => {
  let open: string | undefined;
  let pattern = false;
  const done: { text: string; pattern: boolean }[] = [];
  const close = (): void => {
    if (open !== undefined) done.push({ text: open, pattern });
    open = undefined;
    pattern = false;
  };
  for (const part of word) {
    if (isAll(part)) {
      state.args.forEach((arg, index) => {
        if (index > 0) close();
        open = (open ?? '') + arg;
      });
      continue;
    }
    const value = await piece(part, state, capture);
    if (part.quoted || part.type === 'text') {
      if (!part.quoted && isPattern(value)) pattern = true;
      open = (open ?? '') + value;
      continue;
    }
    value.split(/(\s+)/).forEach((chunk) => {
      if (/^\s+$/.test(chunk)) close();
      else if (chunk !== '') open = (open ?? '') + chunk;
    });
  }
  close();
  return done.flatMap((field) => {
    const paths = field.pattern ? state.host.glob(field.text) : [];
    return paths.length > 0 ? [...paths] : [field.text];
  });
};

/** Every word of a command, expanded. */
export const expandAll = async (
  words: readonly Word[],
  state: ShellState,
  capture: Capture,
): Promise<string[]> => {
  const found: string[] = [];
  for (const word of words) {
    const [only, ...more] = word;
    // Most words are plain.
    if (only?.type === 'text' && more.length === 0 && (only.quoted || !isPattern(only.text)))
      found.push(only.text);
    else found.push(...(await fields(word, state, capture)));
  }
  return found;
};

/** Whether a text fits one of the patterns of a `case` arm. */
export const fitsAny = async (
  value: string,
  patterns: readonly Word[],
  state: ShellState,
  capture: Capture,
): Promise<boolean> => {
  for (const pattern of patterns) if (patternOf(await text(pattern, state, capture)).test(value)) return true;
  return false;
};
