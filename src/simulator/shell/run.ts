import type { Node, Part, Redirect } from './ast.js';
import { SPECIAL_BUILTINS } from './builtins.js';
import { callWith } from './calls.js';
import { expandAll, fitsAny, text, type Scope } from './expand.js';
import { parseScript } from './parse.js';
import { OpenProblem, redirected } from './redirects.js';
import { Exit, Jump, subshell, type ShellState } from './state.js';
import { Input, type Io, type ShellHost } from './streams.js';

type Of<T extends Node['type']> = Extract<Node, { type: T }>;

const capture = async (
  { body }: Extract<Part, { type: 'output' }>,
  state: ShellState,
  io: Io,
): Promise<string> => {
  let printed = '';
  state.substituted = await inSubshell(body, state, { ...io, out: (more) => (printed += more) });
  return printed.replace(/\n+$/, '');
};

const scopeOf = (state: ShellState, io: Io): Scope => ({
  state,
  capture: (part) => capture(part, state, io),
  err: (text) => io.err(text),
});

/** The exit code of a subshell, whichever way it ends. */
const ended = async (running: Promise<number>): Promise<number> => {
  try {
    return await running;
  } catch (error) {
    if (error instanceof Exit || error instanceof Jump) return error.code;
    throw error;
  }
};

/** Runs what `trap … EXIT` has asked for, when all else has ended. */
const untilExit = async (running: Promise<number>, state: ShellState, io: Io): Promise<number> => {
  const code = await ended(running);
  const { atExit } = state;
  if (atExit === '') return code;
  state.atExit = '';
  try {
    await run(parseScript(atExit), state, io);
    return code;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
};

const inSubshell = (body: Node, state: ShellState, io: Io): Promise<number> => {
  const inner = subshell(state);
  return untilExit(run(body, inner, io), inner, io);
};

const withRedirects = async (
  redirects: readonly Redirect[],
  state: ShellState,
  io: Io,
  body: (io: Io) => Promise<number>,
): Promise<number> => {
  if (redirects.length === 0) return body(io);
  let streams: Io;
  try {
    streams = await redirected(redirects, { state, text: (target) => text(target, scopeOf(state, io)) }, io);
  } catch (error) {
    if (!(error instanceof OpenProblem)) throw error;
    io.err(`sh: ${error.message}\n`);
    return 2;
  }
  try {
    return await body(streams);
  } finally {
    for (const [descriptor, file] of Object.entries(streams.files ?? {}))
      if (io.files?.[Number(descriptor)] !== file) state.host.unlock(file);
  }
};

const simple = async (node: Of<'simple'>, state: ShellState, io: Io): Promise<number> => {
  const scope = scopeOf(state, io);
  state.substituted = 0;
  const argv = await expandAll(node.words, scope);
  const isAlone = argv.length === 0;
  const values: Record<string, string> = {};
  for (const { name, value } of node.assignments) {
    values[name] = await text(value, scope);
    if (isAlone) state.variables[name] = values[name];
  }
  if (isAlone) return withRedirects(node.redirects, state, io, () => Promise.resolve(state.substituted));
  let opened = node.redirects.length === 0;
  const code = await withRedirects(node.redirects, state, io, (streams) => {
    opened = true;
    return callWith(values, argv, state, streams, run);
  });
  if (!opened && SPECIAL_BUILTINS.has(argv[0] ?? '')) throw new Exit(code);
  return code;
};

const pipe = async ({ commands, negated }: Of<'pipe'>, state: ShellState, io: Io): Promise<number> => {
  let { input } = io;
  let code = 0;
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1;
    let printed = '';
    const streams: Io = { ...io, input, ...(!last && { out: (more) => void (printed += more) }) };
    code = await (commands.length > 1 ? inSubshell : run)(command, state, streams);
    input = new Input(printed);
  }
  return negated ? Number(code === 0) : code;
};

/** In a condition, where `set -e` lets commands fail. */
const leniently = async (state: ShellState, body: () => Promise<number>): Promise<number> => {
  state.tested += 1;
  try {
    return await body();
  } finally {
    state.tested -= 1;
  }
};

const tested = (node: Node, state: ShellState, io: Io): Promise<number> =>
  leniently(state, () => run(node, state, io));

const choose = async ({ arms, otherwise }: Of<'if'>, state: ShellState, io: Io): Promise<number> => {
  for (const { test, body } of arms) if ((await tested(test, state, io)) === 0) return run(body, state, io);
  return otherwise ? run(otherwise, state, io) : 0;
};

/** Runs a loop's body once; whether the loop goes on. */
const round = async (body: Node, state: ShellState, io: Io): Promise<boolean> => {
  try {
    state.status = await run(body, state, io);
    return true;
  } catch (error) {
    if (!(error instanceof Jump) || error.kind === 'return') throw error;
    state.status = 0;
    return error.kind === 'continue';
  }
};

const loop = async ({ test, body, until }: Of<'while'>, state: ShellState, io: Io): Promise<number> => {
  let code = 0;
  while (((await tested(test, state, io)) === 0) !== until) {
    const goesOn = await round(body, state, io);
    code = state.status;
    if (!goesOn) break;
  }
  return code;
};

const each = async ({ name, words, body }: Of<'for'>, state: ShellState, io: Io): Promise<number> => {
  const values = words ? await expandAll(words, scopeOf(state, io)) : state.args;
  let code = 0;
  for (const value of values) {
    state.variables[name] = value;
    const goesOn = await round(body, state, io);
    code = state.status;
    if (!goesOn) break;
  }
  return code;
};

const branch = async ({ word, arms }: Of<'case'>, state: ShellState, io: Io): Promise<number> => {
  const scope = scopeOf(state, io);
  const value = await text(word, scope);
  for (const { patterns, body } of arms)
    if (await fitsAny(value, patterns, scope)) return run(body, state, io);
  return 0;
};

const sequence = async (items: readonly Node[], state: ShellState, io: Io): Promise<number> => {
  for (const item of items) state.status = await run(item, state, io);
  return items.length === 0 ? 0 : state.status;
};

const perform = (node: Node, state: ShellState, io: Io): Promise<number> | number => {
  switch (node.type) {
    case 'simple':
      return simple(node, state, io);
    case 'pipe':
      return node.negated ? leniently(state, () => pipe(node, state, io)) : pipe(node, state, io);
    case 'and':
    case 'or':
      return tested(node.left, state, io).then((code) => {
        state.status = code;
        return (code === 0) === (node.type === 'and') ? run(node.right, state, io) : code;
      });
    case 'list':
      return sequence(node.items, state, io);
    case 'group':
      return withRedirects(node.redirects, state, io, (streams) =>
        node.subshell ? inSubshell(node.body, state, streams) : run(node.body, state, streams),
      );
    case 'if':
      return choose(node, state, io);
    case 'while':
      return loop(node, state, io);
    case 'for':
      return each(node, state, io);
    case 'case':
      return branch(node, state, io);
    case 'function':
      state.functions[node.name] = node.body;
      return 0;
  }
};

/** What passes on a failure that was already judged, or that was asked for. */
const FORGIVEN = new Set(['and', 'or', 'list']);

const run = async (node: Node, state: ShellState, io: Io): Promise<number> => {
  const code = await perform(node, state, io);
  state.status = code;
  const forgiven = state.tested > 0 || FORGIVEN.has(node.type) || (node.type === 'pipe' && node.negated);
  if (code !== 0 && state.errexit && !forgiven) throw new Exit(code);
  return code;
};

/** Runs a script with its arguments (`$1`, …) to its end; its exit code. */
export const runScript = (
  script: string,
  args: readonly string[],
  io: Io,
  host: ShellHost,
  env: Readonly<Record<string, string>> = {},
  name = 'sh',
): Promise<number> => {
  const state: ShellState = {
    host,
    name,
    args,
    variables: { ...env },
    functions: {},
    status: 0,
    errexit: false,
    nounset: false,
    noglob: false,
    exported: new Set(Object.keys(env)),
    atExit: '',
    substituted: 0,
    tested: 0,
  };
  return untilExit(run(parseScript(script), state, io), state, io);
};
