import * as z from 'zod';
import { say, shown } from './problem.js';
import { matching } from './text-fields.js';

const optionFault = (value: unknown): string => {
  if (Array.isArray(value)) return 'must be a single value, not a list (join the items with commas)';
  if (typeof value !== 'string' || value.trim() === '') return `must be a single value, not ${shown(value)}`;
  const without = value.replaceAll(/\s/g, '');
  return say(`must not contain spaces (Gluster would remove them): ${shown(value)}`, `write ${without}`);
};

const optionError = { error: ({ input }: { input?: unknown }): string => optionFault(input) };

/**
 * Options of a Gluster volume; YAML's true and false become Gluster's on and off. White space is refused: `gluster
 * volume set` removes it (cli_cmd_volume_set_parse of GlusterFS), so `up` would set the option again every time.
 */
export const glusterOptions = () =>
  z.record(
    matching(/^[a-z][a-z0-9._-]*$/, 'the name of a Gluster option', () => 'e.g. network.ping-timeout'),
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
  key.startsWith('disable') ? 'use k3s.disable' : 'remove it';

/** Additional keys of k3s' config.yaml; a key that ends in `+` appends to the existing values. */
export const k3sFlags = () => {
  const scalars = [z.string(), z.number(), z.boolean()] as const;
  const item = z.union(scalars, { error: ({ input }) => `must be a single value, not ${shown(input)}` });
  return z.record(
    matching(
      /^[a-z0-9]+(-[a-z0-9]+)*[+]?$/,
      'a k3s option in kebab-case',
      (key) => `write ${kebab(key)}`,
    ).refine((key) => !RESERVED.includes(key.replace('+', '')), {
      error: ({ input }) => say('is set by kglab', reservedAdvice(String(input))),
    }),
    z.union([...scalars, z.array(item)], {
      error: ({ input }) => `must be a value or a list of values, not ${shown(input)}`,
    }),
  );
};
