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
export const systemDirOf = (path: string): string | undefined =>
  EXACT.find((directory) => directory === path) ?? TREES.find((directory) => isInside(path, directory));
