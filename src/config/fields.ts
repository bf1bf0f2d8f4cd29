import * as z from 'zod';
import { formatRange, isPrivate, parseRange } from '../util/subnet.js';
import { say, shown } from './problem.js';
import { matching } from './text-fields.js';
import { adviseDuration, adviseSize, DURATION, formatMiB, parseMiB, parseSeconds, SIZE } from './units.js';

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

const [LARGEST, SMALLEST] = [2 ** (32 - 16), 2 ** (32 - 28)];

const subnetFault = (text: string): string | undefined => {
  const range = parseRange(text);
  if (range === undefined) return say(`must be an IPv4 range, not ${shown(text)}`, 'e.g. 10.77.0.0/24');
  if (range.size > LARGEST || range.size < SMALLEST) {
    return say(
      `must be of a prefix from /16 to /28, not /${32 - Math.log2(range.size)}`,
      'e.g. 10.77.0.0/24',
    );
  }
  if (!isPrivate(range)) {
    return say(
      `must be a private range, not ${text}`,
      'take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
    );
  }
  const whole = formatRange(range);
  return whole === text ? undefined : say(`must be the address of a network, not ${text}`, `write ${whole}`);
};

/** A private IPv4 range. */
export const subnet = (): z.ZodString =>
  z.string().refine((text) => subnetFault(text) === undefined, {
    error: ({ input }) => subnetFault(String(input)) ?? '',
  });

const optionFault = (value: unknown): string => {
  if (typeof value !== 'string' || value.trim() === '') return `must be one value, not ${shown(value)}`;
  const without = value.replaceAll(/\s/g, '');
  return say(`must have no blanks, which Gluster would remove, not ${shown(value)}`, `write ${without}`);
};

const optionError = { error: ({ input }: { input?: unknown }): string => optionFault(input) };

/**
 * Options of a Gluster volume; YAML's true and false become Gluster's on and off. `gluster volume set` removes all white
 * space from a value (cli_cmd_volume_set_parse of GlusterFS), which `up` would then find changed every time.
 */
export const glusterOptions = () =>
  z.record(
    matching(/^[a-z][a-z0-9._-]*$/, 'a Gluster option like network.ping-timeout'),
    z
      .union([z.string().regex(/^\S+$/, optionError), z.number(), z.boolean()], optionError)
      .transform((value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value))),
  );

/** Keys of k3s' config.yaml that kglab sets itself. */
const RESERVED = ['token', 'token-file', 'server', 'node-name', 'node-ip', 'disable'];

const kebab = (key: string): string =>
  key
    .replace(/^-+/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

const reservedAdvice = (key: string): string | undefined =>
  key.startsWith('disable') ? 'use k3s.disable' : 'drop it';

/** Further keys of k3s' config.yaml; a `+` at the end of one appends to what is there. */
export const k3sFlags = () => {
  const scalars = [z.string(), z.number(), z.boolean()] as const;
  const item = z.union(scalars, { error: ({ input }) => `must be one value, not ${shown(input)}` });
  return z.record(
    matching(
      /^[a-z0-9]+(-[a-z0-9]+)*[+]?$/,
      'a k3s flag in kebab-case',
      (key) => `write ${kebab(key)}`,
    ).refine((key) => !RESERVED.includes(key.replace('+', '')), {
      error: ({ input }) => say('is set by kglab', reservedAdvice(String(input))),
    }),
    z.union([...scalars, z.array(item)], {
      error: ({ input }) => `must be a value or a list of values, not ${shown(input)}`,
    }),
  );
};
