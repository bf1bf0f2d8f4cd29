import type * as z from 'zod';
import { explain } from './messages.js';
import { knownWords, nearest } from './nearest.js';
import { dotted, say, type Path, type Problem } from './problem.js';
import { labSchema, type RawLab } from './schema.js';

/** A problem, and the value that caused it. */
interface Refusal {
  readonly problem: Problem;
  /** The value to remove, so that the rest can be checked. */
  readonly path: Path;
  /** Keys that were probably meant: their values are unknown, too. */
  readonly meant?: readonly Path[];
}

export interface Validated {
  /** The file with defaults in place of all invalid values. */
  readonly raw: RawLab;
  readonly problems: readonly Problem[];
  readonly refused: readonly Path[];
}

const inner = (schema: z.core.$ZodTypes, part?: string | number): z.core.$ZodType[] => {
  const { def } = schema._zod;
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
      return [def.innerType];
    case 'pipe':
      return [def.in];
    case 'union':
      return [...def.options];
    case 'array':
      return typeof part === 'number' ? [def.element] : [];
    case 'object':
      return typeof part === 'string' && def.shape[part] !== undefined ? [def.shape[part]] : [];
    default:
      return [];
  }
};

const isContainer = (schema: z.core.$ZodTypes): boolean => ['array', 'object'].includes(schema._zod.def.type);

/** The keys that a schema allows in the mapping at a path. */
const knownKeys = (schema: z.core.$ZodType, path: readonly (string | number)[]): readonly string[] => {
  const current = schema as z.core.$ZodTypes;
  if (!isContainer(current)) return inner(current).flatMap((next) => knownKeys(next, path));
  const [part, ...rest] = path;
  if (part !== undefined) return inner(current, part).flatMap((next) => knownKeys(next, rest));
  return current._zod.def.type === 'object' ? Object.keys(current._zod.def.shape) : [];
};

const unknownKey = (parent: Path, key: string): Refusal => {
  const known = knownKeys(labSchema, parent);
  const path = [...parent, key];
  const message = say(`${dotted(path) || '""'} is not a known key`, knownWords(key, known));
  return {
    problem: { path, message, atKey: true },
    path,
    meant: nearest(key, known).map((match) => [...parent, match]),
  };
};

/** Issue codes of zod for a value of the wrong type. */
const WRONG_TYPE: readonly (string | undefined)[] = ['invalid_type', 'invalid_union'];

/** The issues of the alternative of a union that fits best: the one whose outermost type the value has. */
const fitting = (issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined =>
  issue.errors.find(
    (found) => !found.some(({ path, code }) => path.length === 0 && WRONG_TYPE.includes(code)),
  );

const refusalsOf = (issue: z.core.$ZodIssue, above: Path = []): Refusal[] => {
  const path = [...above, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  const alternative = issue.code === 'invalid_union' ? fitting(issue) : undefined;
  if (alternative !== undefined) return alternative.flatMap((inner) => refusalsOf(inner, path));
  const problem = { path, message: `${dotted(path)} ${issue.message}`, atKey: issue.code === 'invalid_key' };
  return [{ problem, path }];
};

/** A key of a mapping that can be removed, with the path to it. */
interface Removable {
  readonly holder: Record<string, unknown>;
  readonly path: Path;
}

/** The key at a path; the nearest key above it if the value is missing or an item of a list. */
const removableAt = (data: Record<string, unknown>, path: Path): Removable | undefined => {
  let holder: unknown = data;
  let found: Removable | undefined;
  for (const [index, part] of path.entries()) {
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, part)) break;
    const mapping = holder as Record<string | number, unknown>;
    if (!Array.isArray(holder)) found = { holder: mapping, path: path.slice(0, index + 1) };
    holder = mapping[part];
  }
  return found;
};

const remove = ({ holder, path }: Removable): void => {
  delete holder[path.at(-1) as string];
};

/**
 * Validates each field against the schema. Invalid values are removed and the rest is parsed again, so that checks that
 * span fields can run and all problems are reported at once.
 */
export const validate = (data: Record<string, unknown>): Validated => {
  const rest = structuredClone(data);
  const problems: Problem[] = [];
  const refused: Path[] = [];
  for (let round = 0; ; round++) {
    const result = labSchema.safeParse(rest, { error: explain });
    if (result.success) return { raw: result.data, problems, refused };
    const refusals = result.error.issues.flatMap((issue) => refusalsOf(issue));
    if (round === 0) problems.push(...refusals.map(({ problem }) => problem));
    const removed = refusals
      .map(({ path }) => removableAt(rest, path))
      .filter((found) => found !== undefined);
    // Each round removes something, and an empty mapping is valid: the loop ends.
    if (removed.length === 0) throw new Error('cannot find an invalid value in the lab file');
    removed.forEach(remove);
    refused.push(...removed.map(({ path }) => path), ...refusals.flatMap(({ meant = [] }) => meant));
  }
};
