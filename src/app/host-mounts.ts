import { hostMounts, unmountOnHost, type MountPlace } from '../volumes/host-mount.js';
import type { Lab } from '../lab/lab.js';

/** What mounts on this host are made with. */
export const mountPlace = ({ name, files, signal, world: { host, store } }: Lab): MountPlace => ({
  host,
  files,
  dir: store.dir(name),
  signal,
});

/** Detaches a lab's volumes from this host, used or not: their machines are about to go. */
export const detachHostMounts = async (lab: Lab): Promise<void> => {
  const place = mountPlace(lab);
  for (const mount of await hostMounts(place)) {
    lab.say(`detaching ${mount.path}`);
    await unmountOnHost(mount, place, { force: true });
  }
};
