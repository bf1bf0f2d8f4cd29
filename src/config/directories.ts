import type * as z from 'zod';
import { matching, type Advise } from './text-fields.js';

/** Directories that a machine needs as they are: nothing may be mounted over them. */
const EXACT = ['/', '/home', '/media', '/mnt', '/opt', '/srv', '/var', '/var/cache', '/var/lib', '/var/log'];

/** Directories that belong to the system with everything below: nothing may be mounted there either. */
const TREES = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/root', '/run'],
  ...['/sbin', '/sys', '/tmp', '/usr', '/var/lib/cni', '/var/lib/glusterd', '/var/lib/kubelet'],
  ...['/var/lib/rancher', '/var/lib/systemd', '/var/run', '/var/tmp'],
];

/** Whether a path is a directory or lies below it. */
export const isInside = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);

/** The system directory that a path would cover or lie in. */
const systemDirOf = (path: string): string | undefined =>
  EXACT.find((directory) => directory === path) ?? TREES.find((directory) => isInside(path, directory));

/** `/opt/x` for `opt//./x/`; nothing for a path that climbs. */
const tidy: Advise = (text) => {
  if (text.startsWith('~')) return '~ is not expanded';
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') || parts.length === 0 || !/^[\w./-]+$/.test(text)
    ? undefined
    : `write /${parts.join('/')}`;
};

const systemFault = (path: string): string => {
  const system = systemDirOf(path);
  const where = system === path ? `must not be ${path}` : `must not lie in ${system}`;
  return `${where}, which belongs to the system (e.g. /data/lab)`;
};

/** Absolute, normalised, and of letters that need no quoting in units, fstab and brick names (`host:path`). */
export const directory = (): z.ZodString =>
  matching(
    /^(\/(?!\.\.?(\/|$))[A-Za-z0-9_.-]{1,255})+$|^\/$/,
    'an absolute path without .., // or a slash at its end (letters, digits, . _ -)',
    tidy,
  ).refine((path) => systemDirOf(path) === undefined, { error: ({ input }) => systemFault(String(input)) });
