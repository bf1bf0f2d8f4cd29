import type { KeptVolume, StepInputs } from '../../engine/kinds.js';

type Input = StepInputs['mounts.keeper'];

/** Seconds between two looks: a helper pod waits for the answer, the catalogue alone is in no hurry. */
const everyOf = ({ rank, volumes }: Input): number =>
  rank === undefined && !volumes.some(({ dedicated }) => dedicated) ? 15 : 1;

const flag = (value: boolean): string => (value ? '1' : '0');

/** The keeper's settings, as shell variables. */
export const renderKeeperEnv = (input: Input): string =>
  [
    `RANK=${input.rank ?? ''}`,
    `NODE=${flag(input.node)}`,
    `SERVER=${flag(input.server)}`,
    `EVERY=${everyOf(input)}`,
    '',
  ].join('\n');

/** Option values with a blank in them cannot be told from the next option in the table, and none is known. */
const settings = ({ options }: KeptVolume): string =>
  Object.entries(options)
    .filter(([, value]) => !/[\s|]/.test(value))
    .flat()
    .join(' ');

/**
 * The keeper's volumes, one a line: name, mount, claims, quota, dedicated, shape, places of bricks, servers, options.
 */
export const renderKeeperTable = ({ volumes }: Input): string =>
  volumes
    .map((volume) =>
      [
        volume.name,
        volume.mount,
        volume.claims,
        flag(volume.quota),
        flag(volume.dedicated),
        volume.shape.join(' '),
        volume.places.map(({ machine, path }) => `${machine}:${path}`).join(' '),
        volume.servers.join(':'),
        settings(volume),
      ].join('|'),
    )
    .map((line) => `${line}\n`)
    .join('');
