import {
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Scalar,
  stringify,
  type CST,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { eolOf, insertLines, lineEnd, lineStart, padOf, removeLines, splice } from '../util/text-lines.js';

/*
 * Edits of a YAML or JSON text that leave every other byte as it is: the library says where values stand, and only those
 * places are replaced. An edit that these functions do not know how to make gives undefined. They do not check what
 * they make: whoever calls them reads the result again.
 */

/** A text, and the document that was read from it with `keepSourceTokens`. */
export interface Source {
  readonly text: string;
  readonly document: Document;
}

type Edited = string | undefined;

/** Blanks and line ends after the content of a block scalar; `+` in its head makes them a part of it. */
const tailOf = ({ srcToken }: Node): number => {
  if (srcToken?.type !== 'block-scalar') return 0;
  const { source, props } = srcToken;
  const isKept = props.some((token) => token.type === 'block-scalar-header' && token.source.includes('+'));
  return isKept ? 0 : source.length - source.trimEnd().length;
};

/** Where the content of a node ends; comments and blank lines after it do not count. */
const endOf = (node: unknown): number => {
  if (isPair(node)) return Math.max(endOf(node.key), endOf(node.value));
  if (isCollection(node) && !node.flow)
    return Math.max(node.range?.[0] ?? 0, ...node.items.slice(-1).map(endOf));
  return isNode(node) ? (node.range?.[1] ?? 0) - tailOf(node) : 0;
};

/** The line after a node of a block; a block scalar may have the end of its last line. */
const nextLine = (text: string, node: unknown): number => {
  const end = endOf(node);
  return text[end - 1] === '\n' ? end : lineEnd(text, end);
};

/** Whether a value is missing: nothing stands in its place, not even `null`. */
const isUnwritten = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1]);

/** Where a value stands; of a missing one, where the colon before it ends. */
const rangeOf = (node: Node | null, colon: number): readonly [number, number] =>
  isUnwritten(node) ? [colon, colon] : [node?.range?.[0] ?? colon, node?.range?.[1] ?? colon];

const rootOf = ({ document }: Source): YAMLMap | undefined =>
  isMap(document.contents) ? document.contents : undefined;

const pairOf = (source: Source, key: string): Pair<Node, Node | null> | undefined =>
  rootOf(source)?.items.find((pair) => isScalar(pair.key) && pair.key.value === key) as
    Pair<Node, Node | null> | undefined;

const isProperty = ({ type }: CST.SourceToken): boolean => type === 'anchor' || type === 'tag';

/** Where the colon of a pair ends, or the anchor and tag after it. */
const colonEnd = ({ srcToken }: Pair): number | undefined => {
  const last = srcToken?.sep?.findLast((token) => token.type === 'map-value-ind' || isProperty(token));
  return last && last.offset + last.source.length;
};

/** Tokens of the items that a list has values for. */
const tokensOf = (list: YAMLSeq): readonly CST.CollectionItem[] => {
  const items = (list.srcToken as CST.BlockSequence | CST.FlowCollection | undefined)?.items ?? [];
  return list.flow ? items : items.filter(({ start }) => start.some(({ type }) => type === 'seq-item-ind'));
};

const offsetOf = (list: YAMLSeq, index: number, type: string): number | undefined =>
  tokensOf(list)[index]?.start.find((token) => token.type === type)?.offset;

/** Start and end of a list's item: of its lines in a block, of the value with its anchor in brackets. */
const spanOf = (text: string, list: YAMLSeq, index: number): [number, number] | undefined => {
  const node = list.items[index];
  if (list.flow) {
    const start = (isNode(node) && node.range?.[0]) || 0;
    const property = tokensOf(list)[index]?.start.find(isProperty)?.offset;
    return [property ?? start, endOf(node)];
  }
  const dash = offsetOf(list, index, 'seq-item-ind');
  if (dash === undefined || padOf(text, dash) === undefined) return undefined;
  return [dash - (padOf(text, dash)?.length ?? 0), Math.max(lineEnd(text, dash), nextLine(text, node))];
};

const blockItem = (entry: unknown, pad: string): readonly string[] =>
  stringify(entry, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line, index) => `${pad}${index === 0 ? '- ' : '  '}${line}`);

/** An item for brackets: on lines of its own where `at`, an item beside it, begins a line; else all in one line. */
const flowItem = (entry: unknown, source: Source, at: number): { before: string; item: string } => {
  const { text } = source;
  const pad = lineStart(text, at) === 0 ? undefined : padOf(text, at);
  if (pad === undefined) return { before: ' ', item: JSON.stringify(entry) };
  const first = rootOf(source)?.items[0]?.key;
  const unit = (isNode(first) && padOf(text, first.range?.[0] ?? 0)) || '  ';
  const eol = eolOf(text);
  const item = JSON.stringify(entry, null, unit).replaceAll('\n', eol + pad);
  return { before: eol + pad, item };
};

/** Takes item `index` out of the list of a top-level key; a list that loses its last item is `[]`. */
export const removeItem = (source: Source, key: string, index: number): Edited => {
  const { text } = source;
  const pair = pairOf(source, key);
  const list = pair?.value;
  const span = isSeq(list) ? spanOf(text, list, index) : undefined;
  if (pair === undefined || !isSeq(list) || span === undefined) return undefined;
  const [start, end] = span;
  if (!list.flow) {
    const left = removeLines(text, start, end);
    const colon = colonEnd(pair);
    if (list.items.length > 1 || colon === undefined) return left;
    return splice(left, colon, colon, ' []');
  }
  if (list.items.length === 1) {
    const [open, close] = [(list.range?.[0] ?? 0) + 1, (list.range?.[1] ?? 0) - 1];
    const isBare = (text.slice(open, start) + text.slice(end, close)).trim() === '';
    return isBare ? splice(text, open, close, '') : splice(text, start, end, '');
  }
  const isLast = index === list.items.length - 1;
  const [from, to] = isLast
    ? [spanOf(text, list, index - 1)?.[1] ?? 0, end]
    : [start, spanOf(text, list, index + 1)?.[0] ?? 0];
  const between = isLast ? text.slice(from, start) : text.slice(end, to);
  if (between.replace(',', '').trim() === '') return splice(text, from, to, '');
  // A comment stands there, which stays: only the comma goes.
  const comma = offsetOf(list, isLast ? index : index + 1, 'comma');
  if (comma === undefined) return undefined;
  return isLast
    ? splice(splice(text, start, end, ''), comma, comma + 1, '')
    : splice(splice(text, comma, comma + 1, ''), start, end, '');
};

/** Puts `entry` in the place of item `index` in the list of a top-level key. */
export const replaceItem = (source: Source, key: string, index: number, entry: unknown): Edited => {
  const { text } = source;
  const list = pairOf(source, key)?.value;
  const span = isSeq(list) ? spanOf(text, list, index) : undefined;
  if (!isSeq(list) || span === undefined) return undefined;
  const [start, end] = span;
  if (list.flow) return splice(text, start, end, flowItem(entry, source, start).item);
  const pad = padOf(text, offsetOf(list, index, 'seq-item-ind') ?? 0) ?? '';
  const lines = blockItem(entry, pad).join(eolOf(text));
  return splice(text, start, end, lines + (/\r?\n$/.exec(text.slice(start, end))?.[0] ?? ''));
};

/** A list in brackets that is empty, or nothing, gets its first item: in a block of its own where there can be one. */
const fillEmpty = ({ text, document }: Source, pair: Pair<Node, Node | null>, entry: unknown): Edited => {
  const colon = colonEnd(pair);
  if (colon === undefined) return undefined;
  const [from, to] = rangeOf(pair.value, colon);
  const pad = padOf(text, pair.key.range?.[0] ?? 0);
  const isPlain = /^[ ]*(\[\s*\]|null|Null|NULL|~)?$/.test(text.slice(colon, to));
  if (isPlain && pad !== undefined && !(document.contents as YAMLMap).flow) {
    const left = splice(text, colon, to, '');
    return insertLines(left, lineEnd(left, colon), blockItem(entry, pad));
  }
  const item = JSON.stringify(entry);
  if (isSeq(pair.value)) return splice(text, to - 1, to - 1, item);
  return splice(text, from, to, `${from === to ? ' ' : ''}[${item}]`);
};

/** Adds `entry` at the end of the list of a top-level key, which is there: as a list, or as nothing. */
export const appendItem = (source: Source, key: string, entry: unknown): Edited => {
  const { text } = source;
  const pair = pairOf(source, key);
  if (pair === undefined) return undefined;
  const list = pair.value;
  const isNothing = list === null || (isScalar(list) && list.value === null);
  if (isNothing || (isSeq(list) && list.items.length === 0)) return fillEmpty(source, pair, entry);
  if (!isSeq(list)) return undefined;
  const last = list.items.length - 1;
  const span = spanOf(text, list, last);
  if (span === undefined) return undefined;
  if (!list.flow) {
    const pad = padOf(text, offsetOf(list, last, 'seq-item-ind') ?? 0) ?? '';
    return insertLines(text, span[1], blockItem(entry, pad));
  }
  const { before, item } = flowItem(entry, source, span[0]);
  return splice(text, span[1], span[1], `,${before}${item}`);
};

/** Adds a top-level key, which is not there yet, at the end. */
export const addKey = (source: Source, key: string, value: unknown): Edited => {
  const { text, document } = source;
  const root = rootOf(source);
  const lines = stringify({ [key]: value }, { lineWidth: 0, indentSeq: false })
    .trimEnd()
    .split('\n');
  if (root === undefined)
    return isUnwritten(document.contents) ? insertLines(text, text.length, lines) : undefined;
  const [first, last] = [root.items[0], root.items.at(-1)];
  if (!root.flow) {
    const pad = isNode(first?.key) ? padOf(text, first.key.range?.[0] ?? 0) : undefined;
    if (pad === undefined) return undefined;
    return insertLines(
      text,
      nextLine(text, last),
      lines.map((line) => pad + line),
    );
  }
  const place = last === undefined ? (root.range?.[1] ?? 0) - 1 : endOf(last);
  const { before, item } = flowItem(value, source, (isNode(last?.key) && last.key.range?.[0]) || 0);
  return splice(
    text,
    place,
    place,
    `${last === undefined ? '' : `,${before}`}${JSON.stringify(key)}: ${item}`,
  );
};

/** Gives a top-level key, which is there, a text as its value; quoted as the old one was. */
export const setText = (source: Source, key: string, value: string): Edited => {
  const { text } = source;
  const pair = pairOf(source, key);
  const colon = pair && colonEnd(pair);
  if (pair === undefined || colon === undefined) return undefined;
  const old = pair.value;
  const [from, to] = rangeOf(old, colon);
  const isQuoted = rootOf(source)?.flow === true || (isScalar(old) && old.type === Scalar.QUOTE_DOUBLE);
  const put = isQuoted
    ? JSON.stringify(value)
    : isScalar(old) && old.type === Scalar.QUOTE_SINGLE
      ? `'${value.replaceAll("'", "''")}'`
      : stringify(value, { lineWidth: 0 }).trimEnd();
  return splice(text, from, to, from === to ? ` ${put}` : put);
};
