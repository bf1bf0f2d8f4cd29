import { options, UnknownUse, type Call, type Program } from './program.js';

/** The text of the given files, or of standard input. */
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

/** Converts a basic or extended regular expression (grep, sed) to JavaScript's. */
const expression = (pattern: string, flags: ReadonlySet<string>): string => {
  if (flags.has('F')) return pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  if (/\[[^\]]*\[[.=:]|\\[<>bwWsS]/.test(pattern)) throw new UnknownUse(`the expression ${pattern}`);
  if (flags.has('E')) return pattern;
  // In basic expressions + ? { } ( ) | are plain characters; after a \ they are operators.
  return pattern.replaceAll(
    /\[\^?\]?[^\]]*\]|\\([(){}|+?])|([+?{}()|])/g,
    (found, meant?: string, literal?: string) =>
      meant !== undefined ? meant : literal !== undefined ? `\\${literal}` : found,
  );
};

/** All files below a folder that can be read. */
const filesBelow = (path: string, call: Call): string[] =>
  call.files.isDir(path)
    ? call.files.names(path).flatMap((name) => filesBelow(`${path}/${name}`, call))
    : [path];

/** The values of an option that may be repeated, and the other arguments. */
const repeated = (args: readonly string[], letter: string): { found: string[]; rest: string[] } => {
  const found: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    const isCluster = new RegExp(`^-[A-Za-z]*${letter}$`).test(arg);
    if (!isCluster) rest.push(arg);
    else {
      found.push(args[(at += 1)] ?? '');
      if (arg.length > 2) rest.push(arg.slice(0, -1));
    }
  }
  return { found, rest };
};

const grepped = (paths: readonly string[], flags: ReadonlySet<string>, call: Call): string[] => {
  const all = flags.has('r') ? paths.flatMap((path) => filesBelow(path, call)) : paths;
  if (all.length === 0 && flags.has('r')) return [];
  if (!flags.has('s')) return linesOf(textOf(all, call));
  return all.flatMap((path) => (call.files.exists(path) ? linesOf(call.files.read(path)) : []));
};

const grep: Program = (call) => {
  const { found: given, rest } = repeated(call.args, 'e');
  const { flags, values, words } = options(rest, {
    flags: ['q', 'i', 'E', 'F', 'v', 'c', 'x', 's', 'a', 'r'],
    values: ['f'],
  });
  const inFile = values['f'] === undefined ? [] : linesOf(call.files.read(values['f']));
  const isGiven = given.length > 0 || values['f'] !== undefined;
  const patterns = isGiven ? [...given, ...inFile] : words.slice(0, 1);
  const paths = isGiven ? words : words.slice(1);
  if (paths.length > 1 && !flags.has('q')) throw new UnknownUse('grep of several files, but with -q');
  const all = patterns.map((pattern) => {
    const source = expression(pattern, flags);
    return new RegExp(flags.has('x') ? `^(?:${source})$` : source, flags.has('i') ? 'i' : '');
  });
  const fits = (line: string): boolean => all.some((one) => one.test(line));
  const found = grepped(paths, flags, call).filter((line) => fits(line) !== flags.has('v'));
  if (flags.has('c')) call.io.out(`${found.length}\n`);
  else if (!flags.has('q')) print(found, call);
  return found.length > 0 ? 0 : 1;
};

/** `sed -n '/EXPRESSION/s/EXPRESSION/TEXT/p'`: the only form that kglab's scripts use. */
const sed: Program = (call) => {
  const { flags, words } = options(call.args, { flags: ['n'] });
  const [script = '', ...paths] = words;
  const [, where, what, put] =
    /^(?:\/((?:[^/\\]|\\.)*)\/)?s\/((?:[^/\\]|\\.)*)\/((?:[^/\\&]|\\\d)*)\/p$/.exec(script) ?? [];
  if (!flags.has('n') || what === undefined || put === undefined) throw new UnknownUse(`sed ${script}`);
  const at = new RegExp(where === undefined ? '' : expression(where, new Set()));
  const from = new RegExp(expression(what, new Set()));
  const to = put.replaceAll('$', '$$$$').replaceAll(/\\(\d)/g, '$$$1');
  const found = linesOf(textOf(paths, call)).filter((line) => at.test(line) && from.test(line));
  return (
    print(
      found.map((line) => line.replace(from, to)),
      call,
    ),
    0
  );
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

/** Programs that filter text. */
export const TEXT_PROGRAMS: Readonly<Record<string, Program>> = {
  ...{ grep, sed, cut, tr, od, wc, sort },
  head: (call) => {
    const { count, words } = countOf(call.args);
    return print(linesOf(textOf(words, call)).slice(0, count), call);
  },
  tail: (call) => {
    const { count, words } = countOf(call.args);
    return print(linesOf(textOf(words, call)).slice(-count), call);
  },
};
