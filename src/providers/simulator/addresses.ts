import type { SimWorld } from './world.js';

/** An address that no machine of this world ever had. */
export const freeAddress = (world: SimWorld): string => {
  world.counter += 1;
  const { counter } = world;
  return `10.213.${Math.floor(counter / 200) % 250}.${(counter % 200) + 10}`;
};
