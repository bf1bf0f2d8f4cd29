import type { Node } from './ast.js';
import type { ShellHost } from './streams.js';

/** What a running shell knows. */
export interface ShellState {
  readonly host: ShellHost;
  /** `$0` */
  readonly name: string;
  readonly variables: Record<string, string>;
  readonly functions: Record<string, Node>;
  args: readonly string[];
  status: number;
  errexit: boolean;
  nounset: boolean;
  /** `set -f`: no word asks for file names. */
  noglob: boolean;
  /** Names of the variables that programs are given. */
  readonly exported: Set<string>;
  /** What `local` has hidden of the function that runs; undefined outside of one. */
  hidden?: Map<string, string | undefined> | undefined;
  /** What `trap … EXIT` has asked for. */
  atExit: string;
  /** The exit code of the last command substitution. */
  substituted: number;
  /** Inside a condition, where failing commands do not end a `set -e` shell. */
  tested: number;
}

/** `exit`, or the end that `set -e` brings. */
export class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

/** `return`, `break` and `continue`. */
export class Jump extends Error {
  constructor(
    readonly kind: 'return' | 'break' | 'continue',
    readonly code: number,
  ) {
    super(kind);
  }
}

/** A copy for a subshell: what it changes is lost. */
export const subshell = (state: ShellState): ShellState => ({
  ...state,
  variables: { ...state.variables },
  functions: { ...state.functions },
  atExit: '',
  exported: new Set(state.exported),
  ...(state.hidden && { hidden: new Map(state.hidden) }),
});
