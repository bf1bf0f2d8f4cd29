import { rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Where kglab keeps its files. */
export interface Dirs {
  /** Ledger, token, kubeconfig and logs of every lab (XDG state). */
  readonly state: string;
  /** Machine images and k3s releases (XDG cache); may be deleted while there are no labs, as machines stand on images. */
  readonly cache: string;
  /** Machines of the nspawn provider, as multipass keeps its own elsewhere; needs room. */
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

/** Removes the folders of machines that are empty by now; one that a person named stays. */
export const removeEmpty = async ({ machines }: Dirs): Promise<void> => {
  const own = [join(machines, 'nspawn', 'labs'), join(machines, 'nspawn')];
  for (const dir of machines === MACHINES ? [...own, machines] : own) await rmdir(dir).catch(() => undefined);
};
