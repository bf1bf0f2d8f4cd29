import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type Node } from 'yaml';
import type { Path } from './problem.js';

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
