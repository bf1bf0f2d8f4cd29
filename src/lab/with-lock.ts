import type { World } from './world.js';
import { findLock } from '../providers/registry.js';
import { takeLock } from '../exec/lock.js';

/** A lab that no other kglab changes meanwhile. */
export interface LabLock {
  /** To be called when the lab has come into being: from then on others can find it where its machines are. */
  readonly extend: () => Promise<void>;
  readonly release: () => Promise<void>;
}

type Locking = Pick<World, 'store' | 'dirs' | 'clock'>;

/**
 * Takes the lab for this process: in this user's ledger, and where its machines are, as another user's ledger may have
 * it too. Throws LAB_BUSY, naming who else is at it and since when.
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

/** Does `work` as the only kglab that changes this lab. Throws LAB_BUSY, naming who else is at it and since when. */
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
