import type { Lab } from '../lab/lab.js';
import { CliError } from '../errors/cli-error.js';
import { quote } from '../exec/command.js';
import {
  findMounts,
  hostMounts,
  unmountOnHost,
  type MountPlace,
  type RealMount,
} from '../volumes/host-mount.js';

/** What `kglab mount` and `umount` need to know of a lab. */
export const mountPlace = ({ name, files, signal, world: { host, store } }: Lab): MountPlace => ({
  host,
  files,
  dir: store.dir(name),
  signal,
});

const MOUNTINFO = '/proc/self/mountinfo';

/** Mounts of the lab's volumes on this host: those that kglab recorded, and others that the kernel lists. */
export const labMounts = async (lab: Lab): Promise<readonly RealMount[]> => {
  const place = mountPlace(lab);
  const noted = (await hostMounts(place)).map((mount) => ({ ...mount, byKglab: true }));
  const machines = lab.config.nodes.map(({ machine }) => machine);
  const real = findMounts((await place.files.read(MOUNTINFO)) ?? '', machines);
  return [...noted, ...real.filter(({ path }) => !noted.some((mount) => mount.path === path))];
};

/** Detaches a mount even if it is in use, because its machines will be removed. Throws VOLUME_IN_USE for a foreign one. */
export const detachHostMount = async (mount: RealMount, lab: Lab): Promise<void> => {
  const { path, byKglab } = mount;
  if (!byKglab)
    throw new CliError(
      'VOLUME_IN_USE',
      `this volume was mounted without kglab; unmount it: umount -l ${quote(path)}`,
    );
  lab.say(`detaching ${path}`);
  await unmountOnHost(mount, mountPlace(lab), { force: true });
};

/** Detaches all mounts that kglab made for a lab. Throws VOLUME_IN_USE. */
export const detachHostMounts = async (lab: Lab): Promise<void> => {
  for (const mount of await labMounts(lab)) if (mount.byKglab) await detachHostMount(mount, lab);
};
