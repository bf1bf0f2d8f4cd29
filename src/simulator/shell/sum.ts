import { SyntaxProblem } from './words.js';

const TOKEN = /\s*(\d+|[A-Za-z_]\w*|[-+*/%()])/y;

const tokensOf = (source: string): string[] => {
  const found: string[] = [];
  const text = source.trimEnd();
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw new SyntaxProblem(`the sum $((${source}))`);
    found.push(token);
  }
  return found;
};

/** `$((…))` over whole numbers: + - * / % and parentheses. Throws SyntaxProblem for all else. */
export const sumOf = (source: string, valueOf: (name: string) => string | undefined): number => {
  const tokens = tokensOf(source);
  const wrong = (): SyntaxProblem => new SyntaxProblem(`the sum $((${source}))`);
  const number = (text: string): number => {
    if (!/^-?(0|[1-9]\d*)$/.test(text)) throw wrong();
    return Number(text);
  };
  const factor = (): number => {
    const token = tokens.shift() ?? '';
    if (token === '-') return -factor();
    if (token === '+') return factor();
    if (token !== '(') return number(/^[A-Za-z_]/.test(token) ? valueOf(token) || '0' : token);
    const inner = terms();
    if (tokens.shift() !== ')') throw wrong();
    return inner;
  };
  const product = (): number => {
    let value = factor();
    while ('*/%'.includes(tokens[0] ?? ' ')) {
      const sign = tokens.shift();
      const other = factor();
      if (other === 0 && sign !== '*') throw wrong();
      value = sign === '*' ? value * other : sign === '/' ? Math.trunc(value / other) : value % other;
    }
    return value;
  };
  const terms = (): number => {
    let value = product();
    while (tokens[0] === '+' || tokens[0] === '-') value += tokens.shift() === '+' ? product() : -product();
    return value;
  };
  if (tokens.length === 0) return 0;
  const result = terms();
  if (tokens.length > 0) throw wrong();
  return result + 0;
};
