import { hostMounts, unmountOnHost, type MountPlace } from '../volumes/host-mount.js';
import type { World } from '../lab/world.js';

/** What mounts on this host are made with. */
export const mountPlace = ({ host, store, signal }: World, lab: string): MountPlace => ({
  host,
  files: store.files(lab),
  dir: store.dir(lab),
  signal,
});

/** Detaches a lab's volumes from this host, used or not: their machines are about to go. */
export const detachHostMounts = async (lab: string, world: World): Promise<void> => {
  const place = mountPlace(world, lab);
  for (const mount of await hostMounts(place)) {
    world.say(`detaching ${mount.path}`);
    await unmountOnHost(mount, place, { force: true });
  }
};
