import type { World } from '../app/world.js';
import { takeLock } from '../state/lock.js';

/** Does `work` as the only kglab that changes this lab. Throws LAB_BUSY, naming who else is at it and since when. */
export const withLock = async <T>(
  { store, clock }: World,
  lab: string,
  what: string,
  work: () => Promise<T>,
): Promise<T> => {
  const release = await takeLock(store.lockFile(lab), what, clock.now());
  try {
    return await work();
  } finally {
    await release();
  }
};
