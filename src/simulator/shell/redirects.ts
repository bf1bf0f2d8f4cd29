import { posix } from 'node:path';
import type { Redirect } from './ast.js';
import type { ShellState } from './state.js';
import { Input, type Io, type OpenFile } from './streams.js';
import { SyntaxProblem } from './words.js';

/** A path as the shell means it where it is now. */
export const here = (path: string, { variables }: ShellState): string =>
  posix.resolve(variables['PWD'] ?? '/root', path);

/** A file that cannot be opened: what the system says. */
export class OpenProblem extends Error {}

/** Does what opens a file. Throws an OpenProblem. */
export const opening = <T>(open: () => T): T => {
  try {
    return open();
  } catch (error) {
    throw new OpenProblem(error instanceof Error ? error.message : String(error));
  }
};

const outputTo = (path: string, append: boolean, { host }: ShellState): ((text: string) => void) => {
  if (path === '/dev/null') return () => undefined;
  opening(() => host.write(path, '', append));
  return (more) => host.write(path, more, true);
};

/** A shell that opens files for a command. */
interface Opener {
  readonly state: ShellState;
  text(target: Redirect['target']): Promise<string>;
}

type Outputs = Record<number, (text: string) => void>;

/** The streams after redirection; throws an OpenProblem with what the system says. */
export const redirected = async (
  redirects: readonly Redirect[],
  { state, text }: Opener,
  io: Io,
): Promise<Io> => {
  let { input } = io;
  const files: Record<number, OpenFile> = { ...io.files };
  const to: Outputs = { 1: (more) => io.out(more), 2: (more) => io.err(more) };
  for (const { descriptor, operator, target } of redirects) {
    const path = await text(target);
    const file = here(path, state);
    if (operator === '<') input = new Input(file === '/dev/null' ? '' : opening(() => state.host.read(file)));
    else if (operator === '>&') {
      if (path === '-' && descriptor > 2) {
        delete files[descriptor];
        continue;
      }
      const copied = to[Number(path)] ?? files[Number(path)]?.write;
      if (copied === undefined || descriptor > 2) throw new SyntaxProblem(`${descriptor}>&${path}`);
      to[descriptor] = copied;
    } else {
      const write = outputTo(file, operator === '>>', state);
      if (descriptor > 2) files[descriptor] = { path: file, write };
      else to[descriptor] = write;
    }
  }
  return { input, files, out: (more) => to[1]?.(more), err: (more) => to[2]?.(more) };
};
