import type { Node } from './ast.js';
import { BUILTINS, SPECIAL_BUILTINS } from './builtins.js';
import { parseScript } from './parse.js';
import { here, opening, OpenProblem } from './redirects.js';
import { Exit, Jump, type ShellState } from './state.js';
import type { Io } from './streams.js';
import { SyntaxProblem } from './words.js';

/** Runs a piece of a script; its exit code. */
export type Run = (node: Node, state: ShellState, io: Io) => Promise<number>;

/** Runs a function with arguments of its own; what it calls local is as before afterwards. */
const callFunction = async (
  body: Node,
  args: readonly string[],
  state: ShellState,
  io: Io,
  run: Run,
): Promise<number> => {
  const outer = { args: state.args, hidden: state.hidden };
  state.args = args;
  state.hidden = new Map();
  try {
    return await run(body, state, io);
  } catch (error) {
    if (error instanceof Jump && error.kind === 'return') return error.code;
    throw error;
  } finally {
    for (const [name, value] of state.hidden)
      if (value === undefined) delete state.variables[name];
      else state.variables[name] = value;
    Object.assign(state, outer);
  }
};

/** `. FILE`: the file's commands, in this shell. */
const source = async (
  [path = '']: readonly string[],
  state: ShellState,
  io: Io,
  run: Run,
): Promise<number> => {
  if (!path.includes('/')) throw new SyntaxProblem(`. ${path}: a file is looked for by its path alone`);
  let script: string;
  try {
    script = opening(() => state.host.read(here(path, state)));
  } catch (error) {
    if (!(error instanceof OpenProblem)) throw error;
    io.err(`sh: .: ${error.message}\n`);
    throw new Exit(2);
  }
  try {
    return await run(parseScript(script), state, io);
  } catch (error) {
    if (error instanceof Jump && error.kind === 'return') return error.code;
    throw error;
  }
};

const environment = ({ variables, exported }: ShellState): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const name of exported) if (variables[name] !== undefined) found[name] = variables[name];
  if (variables['PWD'] !== undefined) found['PWD'] = variables['PWD'];
  return found;
};

const call = async (argv: readonly string[], state: ShellState, io: Io, run: Run): Promise<number> => {
  const [name = '', ...args] = argv;
  const defined = state.functions[name];
  if (defined !== undefined) return callFunction(defined, args, state, io, run);
  if (name === 'exec') {
    if (args.length === 0) throw new SyntaxProblem('exec without a program');
    throw new Exit(await state.host.run(args, io, environment(state)));
  }
  if (name === '.') return source(args, state, io, run);
  if (name === 'command' && args[0] !== '-v') {
    if (args[0]?.startsWith('-')) throw new SyntaxProblem(argv.join(' '));
    return call(args, { ...state, functions: {} }, io, run);
  }
  const builtin = BUILTINS[name];
  return builtin ? builtin(args, state, io) : state.host.run(argv, io, environment(state));
};

/** A command with assignments before it: they are its own, but for special builtins. */
export const callWith = async (
  values: Readonly<Record<string, string>>,
  argv: readonly string[],
  state: ShellState,
  io: Io,
  run: Run,
): Promise<number> => {
  const names = Object.keys(values);
  if (names.length === 0) return call(argv, state, io, run);
  if (SPECIAL_BUILTINS.has(argv[0] ?? '')) {
    Object.assign(state.variables, values);
    return call(argv, state, io, run);
  }
  const before = names.map((name) => [name, state.variables[name], state.exported.has(name)] as const);
  Object.assign(state.variables, values);
  for (const name of names) state.exported.add(name);
  try {
    return await call(argv, state, io, run);
  } finally {
    for (const [name, value, exported] of before) {
      if (value === undefined) delete state.variables[name];
      else state.variables[name] = value;
      if (!exported) state.exported.delete(name);
    }
  }
};
