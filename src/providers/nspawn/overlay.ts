import { readFile } from 'node:fs/promises';
import { checked } from '../../exec/checked.js';
import { cmd, type ExecOptions, type Executor } from '../../exec/command.js';
import type { MachinePaths } from './paths.js';

/** Undoes the escapes of /proc/self/mountinfo (`\040` for a blank). */
const unescape = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Mount points at or below a folder, innermost first. */
export const mountsBelow = (mountinfo: string, dir: string): readonly string[] =>
  mountinfo
    .split('\n')
    .map((line) => unescape(line.split(' ')[4] ?? ''))
    .filter((path) => path === dir || path.startsWith(`${dir}/`))
    .reverse();

const readMounts = async (dir: string): Promise<readonly string[]> =>
  mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), dir);

/** Commas and colons separate mount options and layers. */
const layer = (path: string): string => path.replaceAll(/[\\,:]/g, String.raw`\$&`);

/** Mounts the machine's root, an overlay of its own files over the image, unless it is mounted. */
export const mountRoot = async (
  host: Executor,
  { root, upper, work }: MachinePaths,
  image: string,
  options: ExecOptions,
): Promise<void> => {
  if ((await readMounts(root)).includes(root)) return;
  const layers = `lowerdir=${layer(image)},upperdir=${layer(upper)},workdir=${layer(work)}`;
  await checked(host, 'the host', cmd('mount', '-t', 'overlay', 'kglab', '-o', layers, root), {
    ...options,
    code: 'MACHINE_FAILED',
    hint: 'kglab stores machines as overlays, which need ext4 or xfs. Check the host: kglab doctor',
  });
};

/** Unmounts everything at or below the folder of a stopped machine. */
export const unmountBelow = async (host: Executor, dir: string, options: ExecOptions): Promise<void> => {
  for (const path of await readMounts(dir)) {
    await checked(host, 'the host', cmd('umount', '--', path), {
      ...options,
      code: 'MACHINE_FAILED',
      hint: `See what uses it: fuser -vm ${path}`,
    });
  }
};
