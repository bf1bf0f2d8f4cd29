import type { KeptVolume, StepInputs } from '../../plan/kinds.js';

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

/**
 * Names and values in turn. No value has a blank in it (lab.yaml refuses them), nor does the keeper expand any. read(1)
 * drops a separator at the very end of a line, so a blank follows it.
 */
const settings = ({ options }: KeptVolume): string =>
  Object.entries(options).flat().join(' ').replace(/\|$/, '| ');

/**
 * The keeper's volumes, one a line: name, mount, claims, quota, dedicated, shape, places of bricks, servers, options.
 * The options come last because only they may contain the separator.
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
