import type * as z from 'zod';
import { matching, type Advise } from './text-fields.js';

/** System directories that must not be mount points; directories below them may. */
const EXACT = ['/', '/home', '/media', '/mnt', '/opt', '/srv', '/var', '/var/cache', '/var/lib', '/var/log'];

/** System directories that must not be or contain mount points. */
const TREES = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/root', '/run'],
  ...['/sbin', '/sys', '/tmp', '/usr', '/var/lib/cni', '/var/lib/glusterd', '/var/lib/kubelet'],
  ...['/var/lib/rancher', '/var/lib/systemd', '/var/run', '/var/tmp'],
];

/** Whether a path is a directory or lies below it. */
export const isInside = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);

/** The system directory that a path would hide, or is in. */
const systemDirOf = (path: string): string | undefined =>
  EXACT.find((directory) => directory === path) ?? TREES.find((directory) => isInside(path, directory));

/** `write /opt/x` for `opt//./x/`; an example for other paths. */
const tidy: Advise = (text) => {
  if (text.startsWith('~')) return 'write the full path, ~ is not expanded';
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') || parts.length === 0 || !/^[\w./-]+$/.test(text)
    ? 'e.g. /data/lab'
    : `write /${parts.join('/')}`;
};

const systemFault = (path: string): string => {
  const system = systemDirOf(path);
  const where = system === path ? `must not be ${path}` : `must not be inside ${system}`;
  return `${where}, a system directory (e.g. /data/lab)`;
};

/** An absolute, normalised path. Its characters need no quoting in systemd units, fstab and brick names (`host:path`). */
export const directory = (): z.ZodString =>
  matching(
    /^(\/(?!\.\.?(\/|$))[A-Za-z0-9_.-]{1,255})+$|^\/$/,
    'an absolute path of letters, digits and . _ -, without .., // or a final slash',
    tidy,
  ).refine((path) => systemDirOf(path) === undefined, { error: ({ input }) => systemFault(String(input)) });
