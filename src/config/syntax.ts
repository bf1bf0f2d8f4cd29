/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something that makes a text no YAML, or a YAML that kglab does not read. */
export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** The first character of a text. */
export const START: Position = { line: 1, column: 1 };

/** Longest lab file, in characters: a list of 200 nodes with everything given takes a fiftieth of it. */
const TEXT_MAX = 1024 * 1024;

/** Deepest nesting, and most blanks and dashes before a value: the parser is recursive and would exhaust the stack. */
const DEPTH_MAX = 50;
const INDENT_MAX = 200;

const deepBracket = (line: string, above: number): { depth: number; column?: number } => {
  if (!/[[{}\]]/.test(line)) return { depth: above };
  let depth = above;
  for (const [index, letter] of line.split('').entries()) {
    if (letter === '[' || letter === '{') depth += 1;
    if (letter === ']' || letter === '}') depth = Math.max(0, depth - 1);
    if (depth > DEPTH_MAX) return { depth, column: index + 1 };
  }
  return { depth };
};

const indent = (line: string): number => /^[ \t?:-]*/.exec(line)?.[0].length ?? 0;

const deepPlace = (text: string): Position | undefined => {
  let depth = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (indent(line) > INDENT_MAX) return { line: index + 1, column: INDENT_MAX };
    const found = deepBracket(line, depth);
    if (found.column !== undefined) return { line: index + 1, column: found.column };
    depth = found.depth;
  }
  return undefined;
};

/** What forbids to hand a text to the parser at all. */
export const unreadable = (text: string): SyntaxProblem | undefined => {
  if (text.length > TEXT_MAX) return { ...START, message: 'The file is longer than 1 MiB' };
  const deep = deepPlace(text);
  return deep && { ...deep, message: 'Values are nested too deeply for a lab file' };
};

/** Texts that say more than the parser's own, by its codes. */
const TEXTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'This key is there already (keep one of the two)',
  MULTIPLE_DOCS: 'There must be one document (drop the --- line and what follows)',
  TAB_AS_INDENT: 'Tabs are not allowed as indentation (use spaces)',
  TAG_RESOLVE_FAILED: 'Tags are not known here (drop the !word)',
};

/** What the parser found, in words for the author of the file. */
export const syntaxText = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  TEXTS[code] ?? message;

/** One finding a line: those that follow on the same line mostly stem from the first. */
export const firstOfEachLine = (problems: readonly SyntaxProblem[]): readonly SyntaxProblem[] =>
  problems.filter(({ line }, index) => problems.findIndex((other) => other.line === line) === index);
