/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something that is not valid YAML, or YAML that kglab does not support. */
export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** The first character of a text. */
export const START: Position = { line: 1, column: 1 };

/** Longest lab file, in characters; a list of 200 nodes with all keys needs a fiftieth of it. */
const TEXT_MAX = 1024 * 1024;

/** Limits of nesting and of spaces and dashes before a value: the parser is recursive and could exhaust the stack. */
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

/** Why a text must not reach the parser: it is too long or nested too deeply. */
export const exceededLimit = (text: string): SyntaxProblem | undefined => {
  if (text.length > TEXT_MAX)
    return { ...START, message: 'The file is larger than 1 MiB (check that it is a lab file)' };
  const deep = deepPlace(text);
  return deep && { ...deep, message: `Values are nested too deeply (use at most ${DEPTH_MAX} levels)` };
};

/** Texts that are clearer than the parser's own, by its codes. */
const TEXTS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    'A value on the line of its key must not contain ": " (quote it, or check the indentation)',
  DUPLICATE_KEY: 'This key occurs twice (keep one of the two)',
  MULTIPLE_DOCS: 'The file must be a single YAML document (remove the --- line and what follows)',
  TAB_AS_INDENT: 'Indentation must not contain tabs (use spaces)',
  TAG_RESOLVE_FAILED: 'YAML tags are not supported (remove the !word)',
};

/** The parser's text for a list or mapping in brackets that does not end, or whose lines are not indented. */
const OPEN_BRACKET = /must be sufficiently indented and end with a (.)/;

/** The message for an error of the parser. */
export const syntaxText = ({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): string => {
  const [, bracket] = OPEN_BRACKET.exec(message) ?? [];
  if (bracket !== undefined) return `The closing ${bracket} is missing, or not indented (add or indent it)`;
  return TEXTS[code] ?? message;
};

/** The first problem of each line; the others of a line mostly follow from it. */
export const firstOfEachLine = (problems: readonly SyntaxProblem[]): readonly SyntaxProblem[] =>
  problems.filter(({ line }, index) => problems.findIndex((other) => other.line === line) === index);
