import { posix } from 'node:path';
import type { Node, Part, Redirect } from './ast.js';
import { BUILTINS } from './builtins.js';
import { expandAll, fitsAny, text } from './expand.js';
import { parseScript } from './parse.js';
import { Exit, Jump, subshell, type ShellState } from './state.js';
import { Input, type Io, type ShellHost } from './streams.js';

type Of<T extends Node['type']> = Extract<Node, { type: T }>;

const capture = async ({ body }: Extract<Part, { type: 'output' }>, state: ShellState): Promise<string> => {
  let printed = '';
  const inner = subshell(state);
  state.status = await ended(
    run(body, inner, { input: new Input(''), out: (more) => (printed += more), err: () => undefined }),
  );
  return printed.replace(/\n+$/, '');
};

/** The exit code of a subshell, whichever way it ends. */
const ended = async (running: Promise<number>): Promise<number> => {
  try {
    return await running;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
};

/** A path as the shell means it where it is now. */
const here = (path: string, { variables }: ShellState): string =>
  posix.resolve(variables['PWD'] ?? '/root', path);

const outputTo = (path: string, append: boolean, state: ShellState): ((text: string) => void) => {
  if (path === '/dev/null') return () => undefined;
  const whole = here(path, state);
  state.host.write(whole, '', append);
  return (more) => state.host.write(whole, more, true);
};

/** The streams after redirection; throws what the system says when a file cannot be opened. */
const redirected = async (redirects: readonly Redirect[], state: ShellState, io: Io): Promise<Io> => {
  let { input } = io;
  const to: Record<number, (text: string) => void> = { 1: (more) => io.out(more), 2: (more) => io.err(more) };
  for (const { descriptor, operator, target } of redirects) {
    const path = await text(target, state, capture);
    if (operator === '<') input = new Input(path === '/dev/null' ? '' : state.host.read(here(path, state)));
    else if (operator === '>&') to[descriptor] = to[Number(path)] ?? (() => undefined);
    else to[descriptor] = outputTo(path, operator === '>>', state);
  }
  return { input, out: (more) => to[1]?.(more), err: (more) => to[2]?.(more) };
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
    streams = await redirected(redirects, state, io);
  } catch (error) {
    if (error instanceof Exit) throw error;
    io.err(`sh: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  return body(streams);
};

const call = async (argv: readonly string[], state: ShellState, io: Io): Promise<number> => {
  const [name = '', ...args] = argv;
  const defined = state.functions[name];
  if (defined !== undefined) {
    const outer = state.args;
    state.args = args;
    try {
      return await run(defined, state, io);
    } catch (error) {
      if (error instanceof Jump && error.kind === 'return') return error.code;
      throw error;
    } finally {
      state.args = outer;
    }
  }
  if (name === 'exec') throw new Exit(args.length === 0 ? 0 : await call(args, state, io));
  if (name === 'command' && args[0] !== '-v') return call(args, state, io);
  const builtin = BUILTINS[name];
  return builtin ? builtin(args, state, io) : state.host.run(argv, io, state.variables);
};

const simple = async (node: Of<'simple'>, state: ShellState, io: Io): Promise<number> => {
  const values: [string, string][] = [];
  for (const { name, value } of node.assignments) values.push([name, await text(value, state, capture)]);
  const argv = await expandAll(node.words, state, capture);
  if (argv.length === 0) Object.assign(state.variables, Object.fromEntries(values));
  return withRedirects(node.redirects, state, io, async (streams) => {
    if (argv.length === 0) return node.assignments.length > 0 ? state.status : 0;
    return call(argv, state, streams);
  });
};

const pipe = async ({ commands, negated }: Of<'pipe'>, state: ShellState, io: Io): Promise<number> => {
  let { input } = io;
  let code = 0;
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1;
    let printed = '';
    const streams = { ...io, input, ...(!last && { out: (more: string) => (printed += more) }) };
    const running = run(command, commands.length > 1 ? subshell(state) : state, { ...streams, err: io.err });
    code = commands.length > 1 ? await ended(running) : await running;
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
    return error.kind === 'continue';
  }
};

const loop = async ({ test, body, until }: Of<'while'>, state: ShellState, io: Io): Promise<number> => {
  while (((await tested(test, state, io)) === 0) !== until) if (!(await round(body, state, io))) break;
  return 0;
};

const each = async ({ name, words, body }: Of<'for'>, state: ShellState, io: Io): Promise<number> => {
  state.status = 0;
  for (const word of words ? await expandAll(words, state, capture) : state.args) {
    state.variables[name] = word;
    if (!(await round(body, state, io))) break;
  }
  return state.status;
};

const branch = async ({ word, arms }: Of<'case'>, state: ShellState, io: Io): Promise<number> => {
  const value = await text(word, state, capture);
  for (const { patterns, body } of arms)
    if (await fitsAny(value, patterns, state, capture)) return run(body, state, io);
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
        node.subshell ? ended(run(node.body, subshell(state), streams)) : run(node.body, state, streams),
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
): Promise<number> => {
  const state: ShellState = {
    host,
    args,
    variables: { ...env },
    functions: {},
    status: 0,
    errexit: false,
    nounset: false,
    tested: 0,
  };
  return ended(run(parseScript(script), state, io));
};
