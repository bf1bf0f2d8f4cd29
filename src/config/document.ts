import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Alias,
  type Document,
  type Node,
} from 'yaml';
import type { Path } from './problem.js';
import {
  exceededLimit,
  firstOfEachLine,
  START,
  syntaxText,
  type Position,
  type SyntaxProblem,
} from './syntax.js';

/** A parsed lab file, not yet validated. */
export interface LabDocument {
  /** Its content; empty if it could not be parsed. */
  readonly data: Record<string, unknown>;
  readonly problems: readonly SyntaxProblem[];
  /** False if the problems make the content uncertain. */
  readonly isReadable: boolean;
  /** The position of a value; if it is missing, that of the nearest value around it. */
  locate(path: Path, atKey?: boolean): Position;
}

/** Errors after which the content is still certain. */
const HARMLESS = ['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'];

/** Most uses of aliases: nested ones multiply their content and could fill the memory. */
const ALIASES_MAX = 100;

/** A key without a value counts as absent: `artifacts:` alone means the default. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
};

interface Fault {
  readonly offset: number | undefined;
  readonly message: string;
}

interface Contents {
  readonly data: Record<string, unknown>;
}

/** The first alias that has no anchor, or that refers to a value which contains it. */
const aliasFault = (document: Document): Fault | undefined => {
  let fault: Fault | undefined;
  visit(document, {
    Alias: (_, alias: Alias, above) => {
      const isInside = above.some((node) => isNode(node) && 'anchor' in node && node.anchor === alias.source);
      if (!isInside && alias.resolve(document) !== undefined) return undefined;
      const what = isInside
        ? 'refers to a value that contains it'
        : `has no anchor &${alias.source} before it`;
      fault = { offset: alias.range?.[0], message: `Alias *${alias.source} ${what} (write the values out)` };
      return visit.BREAK;
    },
  });
  return fault;
};

const contentsOf = (document: Document): Contents | Fault => {
  const offset = document.contents?.range?.[0];
  try {
    const data = withoutNulls(document.toJS({ maxAliasCount: ALIASES_MAX })) ?? {};
    if (typeof data === 'object' && !Array.isArray(data)) return { data: data as Record<string, unknown> };
    return { offset, message: 'A lab file must consist of keys and values (e.g. name: kglab)' };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { offset, message: 'The file uses too many aliases (write the values out)' };
  }
};

const resolved = (node: unknown, document: Document): unknown =>
  isAlias(node) ? node.resolve(document) : node;

const isEmpty = (node: unknown): boolean => !isNode(node) || (isScalar(node) && node.value === null);

/** The node of a value in a mapping or list; the key's node if the value is empty or the key is wanted. */
const step = (
  holder: unknown,
  part: string | number,
  wantsKey: boolean,
): { node: unknown; end?: boolean } => {
  if (isSeq(holder)) return { node: holder.items[Number(part)] };
  if (!isMap(holder)) return { node: undefined };
  const pair = holder.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  if (pair === undefined) return { node: undefined };
  return wantsKey || isEmpty(pair.value) ? { node: pair.key, end: true } : { node: pair.value };
};

/** The node at a path of a document; if there is none, the nearest node around it. */
export const locateNode = (document: Document, path: Path, atKey: boolean): Node | undefined => {
  let node: unknown = document.contents;
  for (const [index, part] of path.entries()) {
    const next = step(resolved(node, document), part, atKey && index === path.length - 1);
    if (!isNode(next.node)) break;
    node = next.node;
    if (next.end === true) break;
  }
  return isNode(node) ? node : undefined;
};

/** Parses the text of a lab file. Never throws: syntax errors are in `problems`. */
export const readDocument = (text: string): LabDocument => {
  const refuse = (...problems: readonly SyntaxProblem[]): LabDocument => ({
    data: {},
    isReadable: false,
    problems: firstOfEachLine(problems),
    locate: () => START,
  });
  const limit = exceededLimit(text);
  if (limit !== undefined) return refuse(limit);

  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  }) as Document;
  const place = (offset = 0): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const found = [...document.errors, ...document.warnings];
  const problems = found.map((error) => ({ ...place(error.pos[0]), message: syntaxText(error) }));
  if (found.some(({ code }) => !HARMLESS.includes(code))) return refuse(...problems);

  const contents = aliasFault(document) ?? contentsOf(document);
  if ('message' in contents)
    return refuse(...problems, { ...place(contents.offset), message: contents.message });
  return {
    data: contents.data,
    isReadable: true,
    problems,
    locate: (path, atKey = false) => place(locateNode(document, path, atKey)?.range?.[0]),
  };
};
