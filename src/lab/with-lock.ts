import type { World } from './world.js';
import { findLock } from '../providers/registry.js';
import { takeLock } from '../exec/lock.js';

/** A held lock: no other kglab changes the lab. */
export interface LabLock {
  /** Call this once the record of a new lab is saved: then other users can find it through the provider. */
  readonly extend: () => Promise<void>;
  readonly release: () => Promise<void>;
}

type Locking = Pick<World, 'store' | 'dirs' | 'clock'>;

/**
 * Locks the lab for this process: in this user's records, and with the provider, because another user may know the lab
 * too. Throws LAB_BUSY with the holder and the time.
 */
export const lockLab = async (
  { store, dirs, clock }: Locking,
  lab: string,
  what: string,
): Promise<LabLock> => {
  const held = [await takeLock(store.lockFile(lab), what, clock.now())];
  const release = async (): Promise<void> => {
    for (const one of held.splice(0).reverse()) await one();
  };
  const extend = async (): Promise<void> => {
    const shared = held.length > 1 ? undefined : await findLock(lab, dirs);
    if (shared !== undefined) held.push(await takeLock(shared, what, clock.now()));
  };
  try {
    await extend();
  } catch (error) {
    await release();
    throw error;
  }
  return { extend, release };
};

/** Runs `work` while holding the lock. Throws LAB_BUSY with the holder and the time. */
export const withLock = async <T>(
  world: Locking,
  lab: string,
  what: string,
  work: () => Promise<T>,
): Promise<T> => {
  const { release } = await lockLab(world, lab, what);
  try {
    return await work();
  } finally {
    await release();
  }
};
