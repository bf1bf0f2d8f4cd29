import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';

/** What a plain scalar must not begin with, contain or be, so that it stays the text that it is. */
const BAD_START = /^[-?:,[\]{}#&*!|>'"%@`\s]|^$/;
const BAD_INSIDE = /: |:$| #|\n|\t|\s$/;
/** Plain words that the emitter does not take for text. */
const NULLS = new Set(['~', 'null', 'Null', 'NULL']);

const START_OK = /^[-?:][^\s]/;

const isPlain = (text: string): boolean =>
  (START_OK.test(text) || !BAD_START.test(text)) && !BAD_INSIDE.test(text) && !NULLS.has(text);

/** An explicit null becomes `~`; a text loses its quotes wherever it is valid without them. */
const emitScalar = (node: Node): string => {
  const { source, type, value } = node as Node & { source?: string; type?: string; value: unknown };
  if (value === null && type === 'PLAIN') return '~';
  const text = type === 'PLAIN' ? (source ?? String(value)) : String(value);
  return isPlain(text) ? text : JSON.stringify(text);
};

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');

const emit = (node: unknown): string => {
  if (isMap(node)) {
    if (node.items.length === 0) return '{}';
    return node.items
      .map(({ key, value }) => {
        const inner = emit(value);
        const nested = (isMap(value) || isSeq(value)) && value.items.length > 0;
        return `${emitScalar(key as Node)}:${nested ? `\n${indent(inner)}` : ` ${inner}`}`;
      })
      .join('\n');
  }
  if (isSeq(node)) {
    if (node.items.length === 0) return '[]';
    return node.items.map((item) => `- ${indent(emit(item)).trimStart()}`).join('\n');
  }
  if (isScalar(node)) return emitScalar(node);
  return '~';
};

/**
 * Emits a YAML text again as yaml-cpp in multipass does: without comments, and without the quotes of every scalar that is
 * valid without them, even if a reader then takes it for another type.
 */
export const reemit = (text: string): string => `${emit(parseDocument(text, { version: '1.1' }).contents)}\n`;
