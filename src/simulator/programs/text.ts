import { options, UnknownUse, type Call, type Program } from '../program.js';

/** The text of the files named, or of standard input. */
const textOf = (words: readonly string[], { files, io }: Call): string =>
  words.length === 0 ? io.input.rest() : words.map((path) => files.read(path)).join('');

const linesOf = (text: string): string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

const print = (lines: readonly string[], { io }: Call): number => {
  if (lines.length > 0) io.out(`${lines.join('\n')}\n`);
  return 0;
};

const expression = (pattern: string, flags: ReadonlySet<string>): RegExp => {
  const escaped = flags.has('F') ? pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) : pattern;
  // In basic expressions + ? { } ( ) | are plain characters.
  const source =
    flags.has('E') || flags.has('F') ? escaped : escaped.replaceAll(/(?<!\\)[+?{}()|]/g, String.raw`\$&`);
  return new RegExp(source, flags.has('i') ? 'i' : '');
};

const grep: Program = (call) => {
  const { flags, values, words } = options(call.args, {
    flags: ['q', 'i', 'E', 'F', 'v', 'c', 'x', 's'],
    values: ['e'],
  });
  const [pattern = '', ...paths] = values['e'] === undefined ? words : [values['e'], ...words];
  const fits = expression(flags.has('x') ? `^(${pattern})$` : pattern, flags);
  const found = linesOf(textOf(paths, call)).filter((line) => fits.test(line) !== flags.has('v'));
  if (flags.has('c')) call.io.out(`${found.length}\n`);
  else if (!flags.has('q')) print(found, call);
  return found.length > 0 ? 0 : 1;
};

const countOf = (args: readonly string[]): { count: number; words: readonly string[] } => {
  const { values, words } = options(
    args.map((arg) => arg.replace(/^-(\d+)$/, '-n$1')),
    { values: ['n'] },
  );
  return { count: Number(values['n'] ?? 10), words };
};

const cut: Program = (call) => {
  const { values, words } = options(call.args, { values: ['d', 'f', 'c'] });
  const [first = 1, last = first] = (values['f'] ?? values['c'] ?? '').split('-').map(Number);
  const end = last === 0 ? undefined : last;
  const pick = (line: string): string => {
    if (values['c'] !== undefined) return line.slice(first - 1, end);
    const mark = values['d'] ?? '\t';
    return line
      .split(mark)
      .slice(first - 1, end)
      .join(mark);
  };
  return print(linesOf(textOf(words, call)).map(pick), call);
};

const unescape = (set: string): string =>
  set.replaceAll(String.raw`\n`, '\n').replaceAll(String.raw`\0`, '\0');

const tr: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['d'] });
  const [from = '', to = ''] = words.map(unescape);
  if (/\[:|-/.test(from)) throw new UnknownUse(`set ${from}`);
  const map = (char: string): string => {
    const index = from.indexOf(char);
    if (index < 0) return char;
    return flags.has('d') ? '' : (to[Math.min(index, to.length - 1)] ?? '');
  };
  call.io.out([...call.io.input.rest()].map(map).join(''));
  return 0;
};

const od: Program = (call) => {
  if (call.args.join(' ') !== '-An -tx1') throw new UnknownUse('od other than -An -tx1');
  const bytes = [...call.io.input.rest()].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0'));
  for (let at = 0; at < bytes.length; at += 16) call.io.out(` ${bytes.slice(at, at + 16).join(' ')}\n`);
  return 0;
};

const wc: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['l', 'c'] });
  const text = textOf(words, call);
  call.io.out(`${flags.has('c') ? text.length : linesOf(text).length}\n`);
  return 0;
};

const sort: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['u', 'r'] });
  const lines = linesOf(textOf(words, call)).sort();
  if (flags.has('r')) lines.reverse();
  return print(flags.has('u') ? [...new Set(lines)] : lines, call);
};

/** Filters of text. */
export const TEXT_PROGRAMS: Readonly<Record<string, Program>> = {
  ...{ grep, cut, tr, od, wc, sort },
  head: (call) => {
    const { count, words } = countOf(call.args);
    return print(linesOf(textOf(words, call)).slice(0, count), call);
  },
  tail: (call) => {
    const { count, words } = countOf(call.args);
    return print(linesOf(textOf(words, call)).slice(-count), call);
  },
};
