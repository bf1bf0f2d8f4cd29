import type * as z from 'zod';
import { didYouMean } from './nearest.js';
import { listed, say, shown } from './problem.js';

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** How to write a value of the expected type. */
const typeAdvice = (expected: string, input: unknown): string | undefined => {
  if (expected === 'string')
    return ['number', 'boolean'].includes(typeof input) ? 'put it in quotes' : undefined;
  if (expected === 'array') return 'start each item with "- "';
  if (expected === 'object' || expected === 'record') return 'write it as "key: value"';
  if (typeof input !== 'string') return undefined;
  if (expected === 'boolean') {
    if (/^(y|yes|on)$/i.test(input)) return 'write true';
    return /^(n|no|off)$/i.test(input) ? 'write false' : undefined;
  }
  return /^[0-9]+$/.test(input) ? 'remove the quotes' : 'write digits';
};

const wrongType = (expected: string, input: unknown): string => {
  if (input === undefined) return 'is missing';
  return say(`must be ${NOUNS[expected] ?? expected}, not ${shown(input)}`, typeAdvice(expected, input));
};

const wrongWord = (words: readonly string[], input: unknown): string => {
  const advice = typeof input === 'string' ? didYouMean(input, words) : undefined;
  return say(`must be ${listed(words)}, not ${shown(input)}`, advice);
};

const counted = (limit: number | bigint, origin: string): string =>
  origin === 'array' ? `have ${limit} ${limit === 1 ? 'item' : 'items'}` : `be ${limit}`;

const outOfRange = (
  bound: 'at least' | 'at most',
  limit: number | bigint,
  origin: string,
  input: unknown,
): string => {
  const amount = Array.isArray(input) ? input.length : shown(input);
  return `must ${counted(limit, origin).replace(' ', ` ${bound} `)}, not ${amount}`;
};

/**
 * The message for an issue of zod; it follows the name of the field: "must be …", "is missing". Texts that a field
 * defines itself take precedence.
 */
export const explain: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'invalid_value':
      return wrongWord(issue.values.map(String), issue.input);
    case 'too_small':
      return outOfRange('at least', issue.minimum, issue.origin, issue.input);
    case 'too_big':
      return outOfRange('at most', issue.maximum, issue.origin, issue.input);
    case 'invalid_key':
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
};
