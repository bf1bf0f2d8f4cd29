import { rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Where kglab keeps its files. */
export interface Dirs {
  /** Record, token, kubeconfig and logs of every lab (XDG state). */
  readonly state: string;
  /** Machine images and k3s releases (XDG cache). Do not delete it while labs exist: machines use the images. */
  readonly cache: string;
  /** Machines of the nspawn provider; needs disk space. */
  readonly machines: string;
}

const MACHINES = '/var/lib/kglab';

/** The folders, from XDG_STATE_HOME, XDG_CACHE_HOME and KGLAB_MACHINES_DIR. */
export const dirsOf = (env: Env): Dirs => {
  const home = env['HOME'] || homedir();
  return {
    state: join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'kglab'),
    cache: join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'kglab'),
    machines: env['KGLAB_MACHINES_DIR'] || MACHINES,
  };
};

/** Removes empty folders of machines, except one from KGLAB_MACHINES_DIR. */
export const removeEmpty = async ({ machines }: Dirs): Promise<void> => {
  const own = [join(machines, 'nspawn', 'labs'), join(machines, 'nspawn')];
  for (const dir of machines === MACHINES ? [...own, machines] : own) await rmdir(dir).catch(() => undefined);
};
