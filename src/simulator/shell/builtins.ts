import { posix } from 'node:path';
import { separatorsOf, splitLine } from './fields.js';
import { Exit, Jump, type ShellState } from './state.js';
import type { Io } from './streams.js';
import { SyntaxProblem } from './words.js';

type Builtin = (args: readonly string[], state: ShellState, io: Io) => number;

/** Refuses arguments that the simulator's shell does not know. */
const refuse = (name: string, args: readonly string[]): never => {
  throw new SyntaxProblem([name, ...args].join(' '));
};

const cd: Builtin = (args, state, io) => {
  const [path = '/root'] = args;
  if (path.startsWith('-') || args.length > 1) refuse('cd', args);
  const folder = posix.resolve(state.variables['PWD'] ?? '/root', path);
  if (!state.host.isDir(folder)) {
    io.err(`sh: cd: can't cd to ${path}\n`);
    return 2;
  }
  state.variables['PWD'] = folder;
  return 0;
};

/** `command -v NAME` */
const command: Builtin = ([, name = ''], state, io) => {
  const known = name in state.functions || name in BUILTINS || state.host.has(name);
  if (known) io.out(`${name}\n`);
  return known ? 0 : 127;
};

const OPTIONS = { e: 'errexit', u: 'nounset', f: 'noglob' } as const;

const setOptions: Builtin = (args, state) => {
  if (args.length === 0) refuse('set', args);
  for (const [index, arg] of args.entries()) {
    if (arg === '--' || !/^[-+]/.test(arg)) {
      state.args = args.slice(arg === '--' ? index + 1 : index);
      break;
    }
    for (const letter of arg.slice(1) || '-') {
      const option = OPTIONS[letter as keyof typeof OPTIONS];
      if (option === undefined) return refuse('set', args);
      state[option] = arg.startsWith('-');
    }
  }
  return 0;
};

const readLine: Builtin = (args, state, { input }) => {
  const isRaw = args[0] === '-r';
  const names = isRaw ? args.slice(1) : args;
  if (names.length === 0 || names.some((name) => name.startsWith('-'))) refuse('read', args);
  const { text, isWhole } = input.line();
  if (!isRaw && text.includes('\\')) throw new SyntaxProblem('read without -r of a line with a backslash');
  const fields = splitLine(text, names.length, separatorsOf(state));
  for (const [index, name] of names.entries()) state.variables[name] = fields[index] ?? '';
  return isWhole ? 0 : 1;
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\' };

/** Text with the escapes that `echo` and `printf` know. */
const withEscapes = (text: string): string =>
  text.replaceAll(/\\([^])/g, (found, letter: string) => {
    if ('abcefrv01234567'.includes(letter)) throw new SyntaxProblem(`the escape ${found}`);
    return ESCAPES[letter] ?? found;
  });

const printf: Builtin = (args, _state, io) => {
  const [format = '', ...rest] = args;
  if (format.startsWith('-')) refuse('printf', args);
  const places = format.match(/%[^]?/g) ?? [];
  if (places.some((place) => !['%s', '%d', '%%'].includes(place))) refuse('printf', args);
  const takes = places.some((place) => place !== '%%');
  do {
    const filled = format.split(/(%[sd%])/).map((piece) => {
      if (piece === '%%') return '%';
      if (piece !== '%s' && piece !== '%d') return withEscapes(piece);
      const value = rest.shift() ?? (piece === '%d' ? '0' : '');
      return piece === '%d' && !/^-?\d+$/.test(value) ? refuse('printf', args) : value;
    });
    io.out(filled.join(''));
  } while (rest.length > 0 && takes);
  return 0;
};

const echo: Builtin = (args, _state, io) => {
  const bare = args[0] === '-n';
  io.out(`${withEscapes(args.slice(bare ? 1 : 0).join(' '))}${bare ? '' : '\n'}`);
  return 0;
};

const assign = (args: readonly string[], state: ShellState, note: (name: string) => void): number => {
  for (const arg of args) {
    const [name = '', ...value] = arg.split('=');
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new SyntaxProblem(`the variable name ${arg}`);
    note(name);
    if (value.length > 0) state.variables[name] = value.join('=');
  }
  return 0;
};

const local: Builtin = (args, state) => {
  const { hidden } = state;
  if (hidden === undefined) throw new SyntaxProblem('local outside of a function');
  return assign(args, state, (name) => {
    if (!hidden.has(name)) hidden.set(name, state.variables[name]);
  });
};

const unset: Builtin = (args, state) => {
  if (args.some((name) => name.startsWith('-'))) refuse('unset', args);
  for (const name of args) {
    delete state.variables[name];
    state.exported.delete(name);
  }
  return 0;
};

const shift: Builtin = (args, state, io) => {
  const count = Number(args[0] ?? '1');
  if (!(count <= state.args.length)) {
    io.err("sh: shift: can't shift that many\n");
    throw new Exit(2);
  }
  state.args = state.args.slice(count);
  return 0;
};

/** Notes what is to be done at the end. Programs end here without a signal that they could catch. */
const trap: Builtin = (args, state) => {
  const [action = '', ...signals] = args;
  if (signals.length === 0 || !signals.every((name) => /^(EXIT|HUP|INT|TERM)$/.test(name)))
    refuse('trap', args);
  if (signals.includes('EXIT')) state.atExit = action === '-' ? '' : action;
  return 0;
};

const jump =
  (kind: 'break' | 'continue'): Builtin =>
  (args) => {
    if (args.length > 0 && args[0] !== '1') refuse(kind, args);
    throw new Jump(kind, 0);
  };

/** What the shell does itself. */
export const BUILTINS: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  echo,
  printf,
  cd,
  command,
  pwd: (_args, state, io) => (io.out(`${state.variables['PWD'] ?? '/root'}\n`), 0),
  read: readLine,
  set: setOptions,
  // Files are made with the modes that are asked for.
  umask: () => 0,
  trap,
  wait: () => 0,
  export: (args, state) => assign(args, state, (name) => state.exported.add(name)),
  local,
  unset,
  shift,
  exit: ([code], state) => {
    throw new Exit(code === undefined ? state.status : Number(code));
  },
  return: ([code], state) => {
    throw new Jump('return', code === undefined ? state.status : Number(code));
  },
  break: jump('break'),
  continue: jump('continue'),
};

/** Builtins whose assignments last, and whose failing redirects end the shell (POSIX 2.14). */
export const SPECIAL_BUILTINS = new Set([
  ':',
  '.',
  'break',
  'continue',
  'exec',
  'exit',
  'export',
  'return',
  'set',
  'shift',
  'trap',
  'unset',
]);
