import type { FileNode, SimMachine, Tree } from './world.js';

/** A directory with the usual permissions. */
export const DIRECTORY: FileNode = { kind: 'dir', text: '', mode: '0755' };

/** Directories that every machine has, even if nothing was written to them. */
export const BASE: ReadonlySet<string> = new Set(
  `/ /etc /usr /usr/local /usr/local/bin /opt /root /var /var/lib /var/log /run /tmp /proc /proc/self
  /sys /sys/fs /sys/fs/cgroup /dev /etc/systemd /etc/systemd/system`.split(/\s+/),
);

const OPTIONS = 'rw,relatime,user_id=0,group_id=0,default_permissions,allow_other,max_read=131072 0 0';
/** Process id of the first Gluster client; the value does not matter. */
const FIRST_CLIENT = 3000;

const mountTable = ({ running }: SimMachine): string => {
  const mounts = Object.entries(running?.mounts ?? {});
  const lines = mounts.map(([path, { source }]) => `${source} ${path} fuse.glusterfs ${OPTIONS}`);
  return ['/dev/vda1 / ext4 rw,relatime,discard 0 0', ...lines, ''].join('\n');
};

/** The files in /proc: the mount table, and one Gluster client for each mounted volume. */
export const procFiles = (machine: SimMachine): Tree => {
  const volumes = new Set(Object.values(machine.running?.mounts ?? {}).map(({ volume }) => volume));
  const file = (text: string) => ({ kind: 'file', text, mode: '0444' }) as const;
  const clients = [...volumes].flatMap((volume, index) => {
    const folder = `/proc/${FIRST_CLIENT + index}`;
    const words = ['/usr/sbin/glusterfs', '--process-name', 'fuse', `--volfile-id=/${volume}`, ''];
    return [
      [folder, { kind: 'dir', text: '', mode: '0555' }],
      [`${folder}/cmdline`, file(words.join('\0'))],
    ] as const;
  });
  return { '/proc/self/mounts': file(mountTable(machine)), ...Object.fromEntries(clients) };
};
