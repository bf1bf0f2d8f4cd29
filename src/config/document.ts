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
  firstOfEachLine,
  START,
  syntaxText,
  unreadable,
  type Position,
  type SyntaxProblem,
} from './syntax.js';

/** A lab file that was taken apart but not yet judged. */
export interface LabDocument {
  /** What it holds; empty when it cannot be told. */
  readonly data: Record<string, unknown>;
  readonly problems: readonly SyntaxProblem[];
  /** False when the problems leave in doubt what the file says. */
  readonly isReadable: boolean;
  /** Where a value stands; when it is missing, the nearest thing around it that is there. */
  locate(path: Path, atKey?: boolean): Position;
}

/** Mistakes in a text that still leave no doubt about what it holds. */
const HARMLESS = ['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED'];

/** Aliases that may multiply one another's contents before the file counts as an attempt to fill the memory. */
const ALIASES_MAX = 100;

/** A key without a value counts as not given: `artifacts:` alone means the default. */
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

/** The first alias that stands for nothing, or for something that it is itself a part of. */
const aliasFault = (document: Document): Fault | undefined => {
  let fault: Fault | undefined;
  visit(document, {
    Alias: (_, alias: Alias, above) => {
      const isInside = above.some((node) => isNode(node) && 'anchor' in node && node.anchor === alias.source);
      if (!isInside && alias.resolve(document) !== undefined) return undefined;
      const what = isInside ? 'stands inside of what it repeats' : 'repeats nothing that was named before';
      fault = { offset: alias.range?.[0], message: `*${alias.source} ${what} (write the values out)` };
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
    return { offset, message: 'A lab file must be a mapping (e.g. name: kglab)' };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { offset, message: 'Aliases are used too often (write the values out)' };
  }
};

const resolved = (node: unknown, document: Document): unknown =>
  isAlias(node) ? node.resolve(document) : node;

const isEmpty = (node: unknown): boolean => !isNode(node) || (isScalar(node) && node.value === null);

/** What stands for a value of a mapping or a list: the value, or its key when it has none or the key is asked for. */
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

/** The node at a path of a document; when it is missing, the nearest one around it that is there. */
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

/** Takes the text of a lab file apart. Whatever is wrong with it is in `problems`; nothing is thrown. */
export const readDocument = (text: string): LabDocument => {
  const refuse = (...problems: readonly SyntaxProblem[]): LabDocument => ({
    data: {},
    isReadable: false,
    problems: firstOfEachLine(problems),
    locate: () => START,
  });
  const obstacle = unreadable(text);
  if (obstacle !== undefined) return refuse(obstacle);

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
