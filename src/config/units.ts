import * as z from 'zod';
import { say, shown } from './problem.js';

/** A size as a lab file has it; units are binary whichever way they are written. */
const SIZE = /^[0-9]{1,7}(\.[0-9]{1,3})?[mMgG]([iI][bB])?$/;

/** A span of time as a lab file has it. */
const DURATION = /^[0-9]{1,5}[sm]$/;

/** MiB of a text that matches {@link SIZE}. */
const parseMiB = (size: string): number => Math.ceil(Number.parseFloat(size) * (/g/i.test(size) ? 1024 : 1));

/** Seconds of a text that matches {@link DURATION}. */
const parseSeconds = (duration: string): number =>
  Number.parseInt(duration, 10) * (duration.endsWith('m') ? 60 : 1);

/** `2GiB`, `512MiB`. */
export const formatMiB = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`);

const OTHER_SIZE = /^([0-9]+(?:\.[0-9]+)?) *(|k|m|g|t)i?(?:b|bytes?)?$/i;

/** How a size was probably meant, e.g. `write 2GiB` for `2`, `2 GB` or `2Gi`. */
const adviseSize = (text: string): string => {
  const [, amount, unit = ''] = OTHER_SIZE.exec(text.trim()) ?? [];
  if (amount === undefined || unit.toLowerCase() === 'k') return 'e.g. 512MiB or 2GiB';
  if (unit.toLowerCase() === 't') return `write ${Number(amount) * 1024}GiB`;
  // A bare number is either a count of GiB or, when no machine could have that many, of MiB.
  const assumed = unit === '' ? (Number(amount) < 256 ? 'G' : 'M') : unit.toUpperCase();
  return `write ${amount}${assumed}iB`;
};

const OTHER_DURATION = /^([0-9]+) *(|s|secs?|seconds?|m|mins?|minutes?|h|hours?)$/i;

/** How a duration was probably meant, e.g. `write 180s` for `180`. */
const adviseDuration = (text: string): string => {
  const [, amount, unit = ''] = OTHER_DURATION.exec(text.trim()) ?? [];
  if (amount === undefined) return 'e.g. 90s or 3m';
  if (/^h/i.test(unit)) return `write ${Number(amount) * 60}m`;
  return `write ${amount}${/^m/i.test(unit) ? 'm' : 's'}`;
};

/** Text with a unit: a bare number gets a suggestion instead of "must be text". */
const measured = (form: RegExp, what: string, advise: (text: string) => string): z.ZodString =>
  z
    .string({
      error: ({ input }) =>
        typeof input === 'number'
          ? say(`must have a unit, not ${input} alone`, advise(String(input)))
          : undefined,
    })
    .regex(form, {
      abort: true,
      error: ({ input }) => say(`must be ${what}, not ${shown(input)}`, advise(String(input))),
    });

/** A size in MiB, at least `minMiB`. */
export const size = (minMiB: number) =>
  measured(SIZE, 'a size in MiB or GiB', adviseSize)
    .refine((text) => parseMiB(text) >= minMiB, {
      error: ({ input }) => say(`must be at least ${formatMiB(minMiB)}, not ${String(input)}`),
    })
    .transform(parseMiB);

/** A span of time in seconds, from `minSeconds` to `maxSeconds`. */
export const duration = (minSeconds: number, maxSeconds: number) =>
  measured(DURATION, 'a time in s or m', adviseDuration)
    .refine((text) => parseSeconds(text) >= minSeconds && parseSeconds(text) <= maxSeconds, {
      error: ({ input }) => `must be from ${minSeconds}s to ${maxSeconds / 60}m, not ${String(input)}`,
    })
    .transform(parseSeconds);
