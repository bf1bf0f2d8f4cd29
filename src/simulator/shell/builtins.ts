import { posix } from 'node:path';
import { Exit, Jump, type ShellState } from './state.js';
import type { Io } from './streams.js';

type Builtin = (args: readonly string[], state: ShellState, io: Io) => number;

const cd: Builtin = ([path = '/root'], state, io) => {
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

const setOptions: Builtin = (given, state) => {
  const end = given.indexOf('--');
  if (end >= 0) state.args = given.slice(end + 1);
  const args = end >= 0 ? given.slice(0, end) : given;
  for (const arg of args) {
    const on = arg.startsWith('-');
    if (arg.includes('e')) state.errexit = on;
    if (arg.includes('u')) state.nounset = on;
  }
  return 0;
};

const readLine: Builtin = (args, state, { input }) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const line = input.line();
  const words = (line ?? '').trim().split(/\s+/);
  names.forEach((name, index) => {
    const last = index === names.length - 1;
    state.variables[name] = last ? words.slice(index).join(' ') : (words[index] ?? '');
  });
  return line === undefined ? 1 : 0;
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '0': '\0' };

const printf: Builtin = ([format = '', ...args], _state, io) => {
  const rest = [...args];
  do {
    io.out(
      format.replaceAll(/%[sd%]|\\(.)/g, (found, letter: string | undefined) => {
        if (letter !== undefined) return ESCAPES[letter] ?? found;
        return found === '%%' ? '%' : (rest.shift() ?? (found === '%d' ? '0' : ''));
      }),
    );
  } while (rest.length > 0 && /%[sd]/.test(format));
  return 0;
};

const echo: Builtin = (args, _state, io) => {
  const bare = args[0] === '-n';
  io.out(`${args.slice(bare ? 1 : 0).join(' ')}${bare ? '' : '\n'}`);
  return 0;
};

const assign: Builtin = (args, state) => {
  for (const arg of args) {
    const [name = '', ...value] = arg.split('=');
    if (value.length > 0) state.variables[name] = value.join('=');
  }
  return 0;
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
  umask: () => 0,
  trap: () => 0,
  wait: () => 0,
  export: assign,
  local: assign,
  unset: (args, state) => {
    for (const name of args) delete state.variables[name];
    return 0;
  },
  shift: ([count = '1'], state) => {
    state.args = state.args.slice(Number(count));
    return 0;
  },
  exit: ([code], state) => {
    throw new Exit(code === undefined ? state.status : Number(code));
  },
  return: ([code], state) => {
    throw new Jump('return', code === undefined ? state.status : Number(code));
  },
  break: () => {
    throw new Jump('break', 0);
  },
  continue: () => {
    throw new Jump('continue', 0);
  },
};
