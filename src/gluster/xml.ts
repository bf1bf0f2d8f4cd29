import { XMLParser } from 'fast-xml-parser';

/** Elements that may stand several times and are lists even when they stand once. */
const LISTS = new Set(['peer', 'volume', 'brick', 'option', 'node', 'file', 'Opt']);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: true,
  isArray: (name, path) => LISTS.has(name) || String(path).endsWith('hostnames.hostname'),
});

/** A parsed element: text, or children by name. */
export type Xml = string | { readonly [name: string]: Xml | undefined } | readonly Xml[];

/** The answer to a gluster command. `ok` is `<opRet>0`; `message` is its error text, or its plain output. */
export interface Answer {
  readonly ok: boolean;
  readonly errno: number;
  readonly message: string;
  readonly body: Xml;
}

/** Follows names into an element; a missing one yields undefined. */
export const dig = (xml: Xml | undefined, ...path: string[]): Xml | undefined =>
  path.reduce<Xml | undefined>(
    (at, name) =>
      typeof at === 'object' && !Array.isArray(at) ? (at as Record<string, Xml>)[name] : undefined,
    xml,
  );

/** The text of an element, `''` when there is none; for mixed content its own text. */
export const text = (xml: Xml | undefined, ...path: string[]): string => {
  const found = dig(xml, ...path);
  if (typeof found === 'string') return found;
  const own = dig(found, '#text');
  return typeof own === 'string' ? own : '';
};

/** The elements of a list, `[]` when there are none. */
export const list = (xml: Xml | undefined, ...path: string[]): readonly Xml[] => {
  const found = dig(xml, ...path);
  if (Array.isArray(found)) return found as readonly Xml[];
  return found === undefined || found === '' ? [] : [found];
};

/**
 * Reads what a gluster command printed. Output that is no XML (no daemon: `Connection failed. …`) is a failed
 * answer with that text.
 */
export const parseAnswer = (stdout: string, stderr = ''): Answer => {
  if (!stdout.includes('<cliOutput>')) {
    return {
      ok: false,
      errno: -1,
      message: `${stdout}\n${stderr}`.trim() || 'gluster printed nothing',
      body: '',
    };
  }
  const body = (parser.parse(stdout) as { cliOutput: Xml }).cliOutput;
  return {
    ok: text(body, 'opRet') === '0',
    errno: Number(text(body, 'opErrno')),
    message: text(body, 'opErrstr') || text(body, 'output'),
    body,
  };
};
