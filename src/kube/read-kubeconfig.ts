import { LineCounter, parseDocument, type Document } from 'yaml';
import * as z from 'zod';
import { locateNode } from '../config/document.js';
import { dotted, type Path } from '../config/problem.js';
import { firstOfEachLine, syntaxText } from '../config/syntax.js';
import { CliError } from '../errors/cli-error.js';

/** The lists of a kubeconfig whose entries have names. */
export const LISTS = ['clusters', 'users', 'contexts'] as const;
export type ListName = (typeof LISTS)[number];

const entries = z
  .array(
    z.looseObject({ name: z.string('must be a text').nullish() }, 'must be a mapping').nullish(),
    'must be a list',
  )
  .nullish();

/** What kubectl takes for a kubeconfig, as far as kglab reads it; null stands for "nothing" everywhere, as in Go. */
const shape = z
  .looseObject(
    {
      apiVersion: z.literal(['v1', ''], 'must be v1').nullish(),
      kind: z.literal(['Config', ''], 'must be Config').nullish(),
      clusters: entries,
      users: entries,
      contexts: entries,
      'current-context': z.string('must be a text').nullish(),
    },
    'must be a mapping (clusters, users, contexts)',
  )
  .nullable();

/** The content of a kubeconfig; null for a file that says nothing. */
export type KubeconfigData = z.infer<typeof shape>;

/** A kubeconfig that was taken apart: its text stays what it is. */
export interface Kubeconfig {
  readonly text: string;
  readonly document: Document;
  readonly data: KubeconfigData;
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** `clusters[0]: must be a mapping`; of the whole file `the file must be …`. */
const shapeText = (path: Path, message: string): string =>
  path.length === 0 ? `the file ${message}` : `${dotted(path)} ${message}`;

/** Throws what the parser throws on aliases without an anchor, and on values nested so deeply that its stack ends. */
const takeApart = (text: string, lineCounter: LineCounter): Kubeconfig | readonly Fault[] => {
  const document = parseDocument(text, {
    lineCounter,
    // kubectl reads `<<` as YAML 1.1 does.
    merge: true,
    keepSourceTokens: true,
    prettyErrors: false,
    // `silent` would pass over a second document.
    logLevel: 'error',
  }) as Document;
  if (document.errors.length > 0)
    return document.errors.map((error) => ({ offset: error.pos[0], message: syntaxText(error) }));
  const data: unknown = document.toJS();
  const { error } = shape.safeParse(data);
  // Not what zod gives back: its keys come in another order.
  if (error === undefined) return { text, document, data: data as KubeconfigData };
  return error.issues.map((issue) => {
    const path = issue.path as Path;
    const offset = locateNode(document, path, false)?.range?.[0] ?? 0;
    return { offset, message: shapeText(path, issue.message) };
  });
};

/** An error for a kubeconfig that stays as it is. The details hold no values: they may be keys. */
export const kubeconfigInvalid = (message: string, details: readonly string[], cause?: unknown): CliError =>
  new CliError('KUBECONFIG_INVALID', message, { details, cause });

/** Faults that a message names: a file of another kind may have one a line. */
const FAULTS_SHOWN = 10;

/** The parser's words; it tells of values nested so deeply that its stack ends by what the engine says of that. */
const plain = (message: string): string =>
  message.includes('call stack') ? 'Values are nested too deeply' : message;

/**
 * Takes a kubeconfig apart. Throws KUBECONFIG_INVALID, with line and column of every fault, when it is none that
 * kglab understands. `source` is what messages call the file.
 */
export const readKubeconfig = (text: string, source: string): Kubeconfig => {
  const lines = new LineCounter();
  const what = `kglab cannot read ${source} as a kubeconfig; ${source} was not changed.`;
  let found: Kubeconfig | readonly Fault[];
  try {
    found = takeApart(text, lines);
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw kubeconfigInvalid(what, [`${source}: ${plain(error.message)}`], error);
  }
  if ('data' in found) return found;
  const faults = found.map(({ offset, message }) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  });
  throw kubeconfigInvalid(
    what,
    firstOfEachLine(faults)
      .slice(0, FAULTS_SHOWN)
      .map(({ line, column, message }) => `${source}:${line}:${column}: ${plain(message)}`),
  );
};
