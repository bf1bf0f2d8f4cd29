import * as z from 'zod';
import { say, shown } from './problem.js';

/** A size in a lab file; all units are binary, so 2G is 2 GiB. */
const SIZE = /^[0-9]{1,7}(\.[0-9]{1,3})?[mMgG]([iI][bB])?$/;

/** A duration in a lab file. */
const DURATION = /^[0-9]{1,5}[sm]$/;

/** MiB of a text that matches {@link SIZE}. */
const parseMiB = (size: string): number => Math.ceil(Number.parseFloat(size) * (/g/i.test(size) ? 1024 : 1));

/** Seconds of a text that matches {@link DURATION}. */
const parseSeconds = (duration: string): number =>
  Number.parseInt(duration, 10) * (duration.endsWith('m') ? 60 : 1);

/** `2GiB`, `512MiB`. */
export const formatMiB = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`);

const OTHER_SIZE = /^([0-9]+(?:\.[0-9]+)?) *(|k|m|g|t)i?(?:b|bytes?)?$/i;

/** The size that was probably meant, e.g. `2GiB` for `2`, `2 GB` or `2Gi`. */
const likelySize = (text: string): string | undefined => {
  const [, amount, unit = ''] = OTHER_SIZE.exec(text.trim()) ?? [];
  if (amount === undefined || unit.toLowerCase() === 'k') return undefined;
  if (unit.toLowerCase() === 't') return `${Number(amount) * 1024}GiB`;
  // A number without a unit counts GiB, or MiB if it is too large for GiB.
  const assumed = unit === '' ? (Number(amount) < 256 ? 'G' : 'M') : unit.toUpperCase();
  return `${amount}${assumed}iB`;
};

const OTHER_DURATION = /^([0-9]+) *(|s|secs?|seconds?|m|mins?|minutes?|h|hours?)$/i;

/** The duration that was probably meant, e.g. `180s` for `180`. */
const likelyDuration = (text: string): string | undefined => {
  const [, amount, unit = ''] = OTHER_DURATION.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  if (/^h/i.test(unit)) return `${Number(amount) * 60}m`;
  return `${amount}${/^m/i.test(unit) ? 'm' : 's'}`;
};

/** Text with a unit; for a number without one, the message suggests it instead of saying "must be text". */
const measured = (form: RegExp, what: string, advise: (text: string) => string): z.ZodString =>
  z
    .string({
      error: ({ input }) =>
        typeof input === 'number'
          ? say(`must have a unit, not only ${input}`, advise(String(input)))
          : undefined,
    })
    .regex(form, {
      abort: true,
      error: ({ input }) => say(`must be ${what}, not ${shown(input)}`, advise(String(input))),
    });

/** A size in MiB, at least `minMiB`. */
export const size = (minMiB: number) => {
  const least = formatMiB(minMiB);
  const advise = (text: string): string => {
    const likely = likelySize(text);
    if (likely === undefined) return 'e.g. 512MiB or 2GiB';
    return parseMiB(likely) < minMiB ? `at least ${least}` : `write ${likely}`;
  };
  return measured(SIZE, 'a size in MiB or GiB', advise)
    .refine((text) => parseMiB(text) >= minMiB, {
      error: ({ input }) => `must be at least ${least}, not ${String(input)}`,
    })
    .transform(parseMiB);
};

/** A duration in seconds, from `minSeconds` to `maxSeconds`. */
export const duration = (minSeconds: number, maxSeconds: number) => {
  const range = `from ${minSeconds}s to ${maxSeconds / 60}m`;
  const isInRange = (text: string): boolean =>
    parseSeconds(text) >= minSeconds && parseSeconds(text) <= maxSeconds;
  const advise = (text: string): string => {
    const likely = likelyDuration(text);
    if (likely === undefined) return 'e.g. 90s or 3m';
    return isInRange(likely) ? `write ${likely}` : range;
  };
  return measured(DURATION, 'a time in s or m', advise)
    .refine(isInRange, { error: ({ input }) => `must be ${range}, not ${String(input)}` })
    .transform(parseSeconds);
};
